// Loaded before libc's functions (LD_PRELOAD) by tests of omsd: records what reaches the journal's files and the sockets, and lets disks fail.
//
//   OMSD_TAP_JOURNAL   path of the journal; nothing happens without it
//   OMSD_TAP_RECORD    file that takes the record
//   OMSD_TAP_FAIL      call:nth:errno, call one of pwrite, sync, read, pread: fails for good at the nth call for the journal or its WAL
//   OMSD_TAP_WHEN      path: calls count for OMSD_TAP_FAIL only once a file is there
//   OMSD_TAP_KILL      n: dies as by kill -9 before the nth write, sync, truncation, removal or move of the journal or its WAL
//   OMSD_TAP_HALF      n: of the nth order request only half is handed to the kernel, then the process dies as by kill -9
//
// A record is { kind, file, size, offset, bytes }: W write, S synced, T truncated, U unlinked, N to a venue, C to a client, F failed.
// What leaves is recorded before it leaves, a sync after it succeeded: a cut between two records may have met either side of the call.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define DESCRIPTORS 4096

enum { OTHER = 0, MAIN = 1, WAL = 2 };
static unsigned char kinds[DESCRIPTORS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;
static const char *journal;
static char failing[16];
static long fail_at, failed, half_at, kill_at;
static const char *when;
static int fail_with;
static int has_failed;

struct head { char kind; unsigned char file; uint16_t pad; uint32_t size; uint64_t offset; };

__attribute__((constructor)) static void begin(void) {
    journal = getenv("OMSD_TAP_JOURNAL");
    const char *path = getenv("OMSD_TAP_RECORD");
    if (path) record = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *fail = getenv("OMSD_TAP_FAIL");
    if (fail) sscanf(fail, "%15[^:]:%ld:%d", failing, &fail_at, &fail_with);
    const char *half = getenv("OMSD_TAP_HALF");
    if (half) half_at = atol(half);
    const char *kill = getenv("OMSD_TAP_KILL");
    if (kill) kill_at = atol(kill);
    when = getenv("OMSD_TAP_WHEN");
    // Later programs that this one starts are none of ours.
    unsetenv("LD_PRELOAD");
}

static void note(char kind, int file, uint64_t offset, const void *bytes, size_t size) {
    if (record < 0) return;
    struct head head = {kind, (unsigned char)file, 0, (uint32_t)size, offset};
    pthread_mutex_lock(&lock);
    if (REAL(write)(record, &head, sizeof head) != (ssize_t)sizeof head) abort();
    for (size_t done = 0; done < size;) {
        ssize_t count = REAL(write)(record, (const char *)bytes + done, size - done);
        if (count <= 0) abort();
        done += (size_t)count;
    }
    pthread_mutex_unlock(&lock);
}

static int kind_of(const char *path) {
    if (!journal || strncmp(path, journal, strlen(journal)) != 0) return OTHER;
    const char *rest = path + strlen(journal);
    return *rest == 0 ? MAIN : strcmp(rest, "-wal") == 0 ? WAL : OTHER;
}
static int file_of(int fd) { return fd >= 0 && fd < DESCRIPTORS ? kinds[fd] : OTHER; }
static int opened(int fd, const char *path) {
    if (fd >= 0 && fd < DESCRIPTORS) kinds[fd] = (unsigned char)kind_of(path);
    return fd;
}

/// True: this call is to fail, and errno says how. Every later one of its kind fails too: a disk does not heal.
static int fails(const char *call, int file) {
    if (fail_at == 0 || strcmp(call, failing) != 0 || (when && access(when, F_OK) != 0)) return 0;
    if (!__atomic_load_n(&has_failed, __ATOMIC_SEQ_CST) && __atomic_add_fetch(&failed, 1, __ATOMIC_SEQ_CST) < fail_at) return 0;
    __atomic_store_n(&has_failed, 1, __ATOMIC_SEQ_CST);
    note('F', file, 0, call, strlen(call));
    errno = fail_with;
    return 1;
}

/// Something of a file is about to change.
static void before(int file) {
    static long changes;
    if (file != OTHER && kill_at > 0 && __atomic_add_fetch(&changes, 1, __ATOMIC_SEQ_CST) == kill_at) kill(getpid(), SIGKILL);
}

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return opened(REAL(open)(path, flags, mode), path);
}
int open64(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return opened(REAL(open64)(path, flags, mode), path);
}
int close(int fd) {
    if (fd >= 0 && fd < DESCRIPTORS) kinds[fd] = OTHER;
    return REAL(close)(fd);
}

static int before_write(int fd, const void *bytes, size_t size, off_t offset) {
    int file = file_of(fd);
    if (file == OTHER) return 0;
    before(file);
    if (fails("pwrite", file)) return -1;
    note('W', file, (uint64_t)offset, bytes, size);
    return 0;
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    return before_write(fd, bytes, size, offset) != 0 ? -1 : REAL(pwrite)(fd, bytes, size, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
    return before_write(fd, bytes, size, offset) != 0 ? -1 : REAL(pwrite64)(fd, bytes, size, offset);
}
ssize_t write(int fd, const void *bytes, size_t size) {
    // SQLite writes by offset. Were that to change, the record would be worth nothing: say so.
    if (file_of(fd) != OTHER) abort();
    return REAL(write)(fd, bytes, size);
}

ssize_t read(int fd, void *bytes, size_t size) {
    return file_of(fd) != OTHER && fails("read", file_of(fd)) ? -1 : REAL(read)(fd, bytes, size);
}
ssize_t pread(int fd, void *bytes, size_t size, off_t offset) {
    return file_of(fd) != OTHER && fails("pread", file_of(fd)) ? -1 : REAL(pread)(fd, bytes, size, offset);
}
ssize_t pread64(int fd, void *bytes, size_t size, off64_t offset) {
    return file_of(fd) != OTHER && fails("pread", file_of(fd)) ? -1 : REAL(pread64)(fd, bytes, size, offset);
}

static int synced(int fd, int result) {
    if (result == 0 && file_of(fd) != OTHER) note('S', file_of(fd), 0, "", 0);
    return result;
}
int fsync(int fd) {
    before(file_of(fd));
    return file_of(fd) != OTHER && fails("sync", file_of(fd)) ? -1 : synced(fd, REAL(fsync)(fd));
}
int fdatasync(int fd) {
    before(file_of(fd));
    return file_of(fd) != OTHER && fails("sync", file_of(fd)) ? -1 : synced(fd, REAL(fdatasync)(fd));
}
int ftruncate(int fd, off_t size) {
    before(file_of(fd));
    if (file_of(fd) != OTHER) note('T', file_of(fd), (uint64_t)size, "", 0);
    return REAL(ftruncate)(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    before(file_of(fd));
    if (file_of(fd) != OTHER) note('T', file_of(fd), (uint64_t)size, "", 0);
    return REAL(ftruncate64)(fd, size);
}
int rename(const char *from, const char *to) {
    before(kind_of(from));
    return REAL(rename)(from, to);
}
int unlink(const char *path) {
    before(kind_of(path));
    if (kind_of(path) != OTHER) note('U', kind_of(path), 0, "", 0);
    return REAL(unlink)(path);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    if (journal && getsockname(fd, (struct sockaddr *)&name, &length) == 0) {
        note(name.ss_family == AF_UNIX ? 'C' : 'N', OTHER, (uint64_t)fd, bytes, size);
        static long requests;
        int is_order = name.ss_family == AF_INET && size > 200 && memcmp(bytes, "POST", 4) == 0;
        if (half_at > 0 && is_order && __atomic_add_fetch(&requests, 1, __ATOMIC_SEQ_CST) == half_at) {
            REAL(send)(fd, bytes, size / 2, flags);
            kill(getpid(), SIGKILL);
        }
    }
    return REAL(send)(fd, bytes, size, flags);
}
