/*
 * A yardstick: the least that serves raw images through FUSE. It receives a request, copies between the image and its buffer,
 * answers, and only then receives the next one; with several threads, each does so by itself. No format, no limits, no
 * orderly end (unmount it, or kill it), and whatever a client does wrong is its own affair. Never serve anything with it.
 *
 *     minimal THREADS|epoll MEBIBYTES IMAGE|null MOUNTPOINT [IMAGE|null MOUNTPOINT]...
 *
 * THREADS serve one mount with blocking calls, each with a descriptor of its own; epoll is one thread for all mounts. null has
 * no storage. Each mountpoint is a file, which then shows MEBIBYTES. The protocol is that of linux/fuse.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef FOPEN_PARALLEL_DIRECT_WRITES /* headers older than Linux 6.2 */
#define FOPEN_PARALLEL_DIRECT_WRITES (1 << 6)
#endif

enum { PAGE = 4096, TRANSFER = 1 << 20, EVENTS = 64, ATTRIBUTES_SECONDS = 1000 };

/* Up to the payload of a WRITE. */
enum { BEFORE_PAYLOAD = sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in) };

struct mount {
    int device; /* /dev/fuse */
    int image;  /* -1 without storage */
};

struct buffers {
    char *request; /* the payload of a WRITE begins with a page */
    char *data;
};

static uint64_t size;

static void fail(const char *what) {
    fprintf(stderr, "minimal: %s: %s\n", what, strerror(errno));
    exit(1);
}

static char *pages(size_t bytes) {
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        fail("memory");
    return memory;
}

static struct buffers buffers(void) {
    struct buffers made = {pages(TRANSFER + 2 * PAGE) + PAGE - BEFORE_PAYLOAD, pages(TRANSFER)};
    return made;
}

static void answer(int device, uint64_t unique, int error, void *data, size_t bytes) {
    struct fuse_out_header header = {(uint32_t)(sizeof header + bytes), error, unique};
    struct iovec parts[] = {{&header, sizeof header}, {data, bytes}};
    /* ENOENT: the client did not wait. */
    if (writev(device, parts, bytes ? 2 : 1) < 0 && errno != ENOENT)
        perror("minimal: reply");
}

static void answer_transfer(int device, uint64_t unique, ssize_t done, void *data, size_t bytes) {
    if (done < 0)
        answer(device, unique, -errno, NULL, 0);
    else
        answer(device, unique, 0, data, bytes);
}

static void handle(struct mount *mount, struct buffers *buffers) {
    struct fuse_in_header *header = (void *)buffers->request;
    void *body = header + 1;
    int device = mount->device;
    switch (header->opcode) {
    case FUSE_INIT: {
        struct fuse_init_in *offered = body;
        struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
                                    .minor = FUSE_KERNEL_MINOR_VERSION,
                                    .max_readahead = offered->max_readahead,
                                    .flags = FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | FUSE_MAX_PAGES,
                                    .max_background = UINT16_MAX,
                                    .congestion_threshold = UINT16_MAX,
                                    .max_write = TRANSFER,
                                    .max_pages = TRANSFER / PAGE,
                                    .time_gran = 1};
        if (offered->minor < out.minor)
            out.minor = offered->minor;
        answer(device, header->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_GETATTR:
    case FUSE_SETATTR: {
        struct fuse_attr_out out = {
            .attr_valid = ATTRIBUTES_SECONDS,
            .attr = {.ino = FUSE_ROOT_ID, .mode = 0100644, .nlink = 1, .size = size, .blocks = size / 512, .blksize = PAGE}};
        answer(device, header->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_OPEN: {
        struct fuse_open_out out = {.open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES};
        answer(device, header->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_READ: {
        struct fuse_read_in *in = body;
        ssize_t done = mount->image < 0 ? in->size : pread(mount->image, buffers->data, in->size, (off_t)in->offset);
        answer_transfer(device, header->unique, done, buffers->data, (size_t)done);
        break;
    }
    case FUSE_WRITE: {
        struct fuse_write_in *in = body;
        ssize_t done = mount->image < 0 ? in->size : pwrite(mount->image, in + 1, in->size, (off_t)in->offset);
        struct fuse_write_out out = {.size = (uint32_t)done};
        answer_transfer(device, header->unique, done, &out, sizeof out);
        break;
    }
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_FSYNC:
        answer(device, header->unique, 0, NULL, 0);
        break;
    default:
        answer(device, header->unique, -ENOSYS, NULL, 0);
    }
}

/* Whether there was a request; the process ends with the mount. */
static int serve_one(struct mount *mount, struct buffers *buffers) {
    if (read(mount->device, buffers->request, TRANSFER + PAGE) > 0) {
        handle(mount, buffers);
        return 1;
    }
    if (errno == ENODEV)
        exit(0);
    /* ENOENT: the request was withdrawn while it was on its way. */
    return errno == ENOENT || errno == EINTR;
}

static void *serve_blocking(void *mount) {
    struct buffers mine = buffers();
    for (;;)
        serve_one(mount, &mine);
    return NULL;
}

static void serve_with_threads(struct mount *mount, int threads) {
    pthread_t ignored;
    for (int i = 1; i < threads; i++) {
        struct mount *clone = malloc(sizeof *clone);
        uint32_t device = (uint32_t)mount->device;
        *clone = *mount;
        clone->device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        if (clone->device < 0 || ioctl(clone->device, FUSE_DEV_IOC_CLONE, &device) < 0)
            fail("clone of /dev/fuse");
        if (pthread_create(&ignored, NULL, serve_blocking, clone))
            fail("thread");
    }
    serve_blocking(mount);
}

static void serve_with_epoll(struct mount *mounts, int count) {
    struct buffers mine = buffers();
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &mounts[i]};
        fcntl(mounts[i].device, F_SETFL, O_RDWR | O_NONBLOCK);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, mounts[i].device, &event) < 0)
            fail("epoll");
    }
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        /* Where many mounts have something, most have one request: another look at each would be in vain. */
        for (int i = 0; i < ready; i++)
            while (serve_one(events[i].data.ptr, &mine) && ready == 1)
                continue;
    }
}

static struct mount mount_at(const char *image, const char *mountpoint) {
    struct mount made = {.device = open("/dev/fuse", O_RDWR | O_CLOEXEC), .image = -1};
    char options[99];
    if (made.device < 0)
        fail("/dev/fuse");
    if (strcmp(image, "null") && (made.image = open(image, O_RDWR | O_CLOEXEC)) < 0)
        fail(image);
    snprintf(options, sizeof options, "fd=%d,rootmode=100000,user_id=0,group_id=0,allow_other", made.device);
    if (mount("minimal", mountpoint, "fuse.minimal", MS_NOSUID | MS_NODEV, options) < 0)
        fail(mountpoint);
    return made;
}

int main(int count, char **arguments) {
    int epoll = count > 1 && !strcmp(arguments[1], "epoll");
    int threads = count > 1 ? atoi(arguments[1]) : 0;
    int mounts = (count - 3) / 2;
    if (count < 5 || count % 2 == 0 || (!epoll && (threads < 1 || mounts > 1))) {
        fprintf(stderr, "usage: minimal THREADS|epoll MEBIBYTES IMAGE|null MOUNTPOINT [IMAGE|null MOUNTPOINT]...\n");
        return 2;
    }
    size = strtoull(arguments[2], NULL, 10) << 20;
    struct mount *all = calloc((size_t)mounts, sizeof *all);
    for (int i = 0; i < mounts; i++)
        all[i] = mount_at(arguments[3 + 2 * i], arguments[4 + 2 * i]);
    if (epoll)
        serve_with_epoll(all, mounts);
    else
        serve_with_threads(all, threads);
}
