# Random operations on the file args[0], from the seed args[1]; prints what each returned. A file of the same contents
# answers the same. "grow" as args[2] lets them change the size, "inside" does not. args[3] is the number of operations.
import random, zlib

path, seed, growing, count = args[0], int(args[1]), args[2] == "grow", int(args[3])
direct = os.O_DIRECT if len(args) > 4 and args[4] == "direct" else 0
rng = random.Random(seed)
fd = os.open(path, os.O_RDWR | direct)
appender = os.open(path, os.O_RDWR | os.O_APPEND)
LIMIT = 3 << 20


def size():
    return os.fstat(fd).st_size


def place(longest):
    """An offset and a length, of one byte or more; at the edges of sectors and pages more often than not."""
    end = size()
    offset = rng.randrange(0, max(1, end + (70000 if growing and end < LIMIT else 0)))
    if rng.random() < 0.6:
        offset = max(0, offset // 4096 * 4096 + rng.choice((-1, 0, 0, 0, 1, 511, 512)))
    length = rng.choice((1, 511, 512, 4096, rng.randrange(1, 10000), rng.randrange(1, longest)))
    if not growing:
        offset = min(offset, end - 1)
        length = min(length, end - offset)
    return offset, length


def contents(length):
    return bytes(length) if rng.random() < 0.2 else rng.randbytes(length)


def write():
    offset, length = place(300000)
    return os.pwrite(fd, contents(length), offset)


def write_vectors():
    offset, length = place(20000)
    parts = [contents(length // 3), contents(length - length // 3)]
    return os.pwritev(fd, parts, offset)


def read():
    offset, length = place(300000)
    data = os.pread(fd, length, offset)
    return len(data), zlib.crc32(data)


def append():
    return os.write(appender, contents(rng.choice((1, 13, 4096))))


def truncate():
    return os.ftruncate(fd, rng.randrange(0, LIMIT))


def preallocate():
    return fallocate(fd, 0, *place(100000))


def preallocate_keeping():
    return fallocate(fd, 1, *place(100000))


def punch():
    return fallocate(fd, 3, *place(500000))


def zero():
    return fallocate(fd, 16, *place(300000))


def zero_keeping():
    return fallocate(fd, 17, *place(300000))


def sync():
    return rng.choice((os.fsync, os.fdatasync))(fd)


def mapped():
    end = size()
    if end == 0:
        return None
    offset = rng.randrange(0, end)
    data = contents(min(end - offset, rng.choice((1, 100, 5000))))
    with mmap.mmap(fd, end) as view:
        before = zlib.crc32(view[offset : offset + 5000])
        view[offset : offset + len(data)] = data
        if rng.random() < 0.5:
            view.flush()
    return before


def reopen():
    global fd
    os.close(fd)
    fd = os.open(path, os.O_RDWR | direct)


calls = [write] * 6 + [read] * 6 + [write_vectors, punch, punch, zero_keeping, preallocate_keeping, sync, mapped, reopen]
if growing:
    calls += [append] * 3 + [truncate, preallocate, zero]
for number in range(count):
    call = rng.choice(calls)
    print(number, call.__name__, attempt(call), size())
