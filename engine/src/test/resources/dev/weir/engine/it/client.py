import ctypes, errno, fcntl, mmap, os, stat, struct, sys, time

args = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)


def attempt(call, *arguments):
    """What the call returns, or the name of its errno."""
    try:
        return call(*arguments)
    except OSError as e:
        return errno.errorcode[e.errno]


def check(result):
    """The result of a libc call; raises where it is -1."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def fallocate(fd, mode, offset, length):
    call = libc.fallocate64
    call.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    return check(call(fd, mode, offset, length))


def aligned(size, byte=0):
    """A page-aligned buffer, as O_DIRECT wants it."""
    buffer = mmap.mmap(-1, max(size, 1))
    buffer.write(bytes([byte]) * size)
    return memoryview(buffer)[:size]


