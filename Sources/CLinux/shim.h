#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/// Microseconds of a clock; `CLOCK_BOOTTIME` runs through suspend.
static inline long long omsd_clock_us(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/// What the kernel says of the process at the other end of a Unix socket, as of its connect.
static inline int omsd_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid) {
    struct ucred who;
    socklen_t size = sizeof who;
    int result = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size);
    *pid = who.pid; *uid = who.uid; *gid = who.gid;
    return result;
}

/// The supplementary groups of that process; the count, or -1. `room` is how many fit.
static inline int omsd_peer_groups(int fd, gid_t *groups, int room) {
    socklen_t size = (socklen_t)(sizeof(gid_t) * (unsigned)room);
    if (getsockopt(fd, SOL_SOCKET, 59 /* SO_PEERGROUPS */, groups, &size) != 0) return -1;
    return (int)(size / sizeof(gid_t));
}

/// A close that drops what is unsent and resets: no byte leaves after it.
static inline int omsd_reset_on_close(int fd) {
    struct linger linger = {1, 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

/// No core dump, no ptrace by others: the process holds secrets.
static inline int omsd_forbid_dump(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// A crash ends the process at once, as it did before Swift's runtime took these signals to print registers and the memory they point to, where secrets
/// may be; its printer also waits for ever for a process that nobody may look into.
static inline void omsd_crash_silently(void) {
    const int crashes[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGBUS, SIGSEGV};
    for (unsigned long at = 0; at < sizeof crashes / sizeof *crashes; at++) signal(crashes[at], SIG_DFL);
}

/// ioctl is variadic, which Swift cannot call.
static inline int omsd_window_columns(int fd) {
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/// fcntl and open are variadic, which Swift imports only in part.
static inline int omsd_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL, 0);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static inline int omsd_errno(void) { return errno; }

/// TCP calls whose address glibc declares as a transparent union, which Swift cannot build. Addresses are passed as bytes.
static inline int omsd_tcp_connect(int fd, const void *to, socklen_t size) { return connect(fd, (const struct sockaddr *)to, size); }
static inline int omsd_tcp_bind(int fd, const void *to, socklen_t size) { return bind(fd, (const struct sockaddr *)to, size); }
static inline int omsd_tcp_accept(int fd, void *from, socklen_t *size) {
    return accept4(fd, (struct sockaddr *)from, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
static inline int omsd_tcp_own_name(int fd, void *name, socklen_t *size) { return getsockname(fd, (struct sockaddr *)name, size); }
/// Names the calling thread, as `top` shows it: at most 15 characters.
static inline int omsd_name_thread(const char *name) { return prctl(PR_SET_NAME, name); }

static inline int omsd_tcp_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

static inline int omsd_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }

/// Takes the lock of a whole file, or fails at once with EWOULDBLOCK. `flock` is also the name of a struct.
static inline int omsd_lock_file(int fd) { return flock(fd, LOCK_EX | LOCK_NB); }

/// `environ` is a global that Swift refuses to touch.
static inline char **omsd_environment(void) { return environ; }

/// A write to a peer that went away is an error code, not a signal. `SIG_IGN` is a cast macro.
static inline void omsd_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

static inline int omsd_datagram_socket_type(void) { return SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK; }

/// fcntl is variadic, which Swift cannot call.
static inline int omsd_set_close_on_exec(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC); }

/// glibc declares the address of a socket call as a transparent union, which Swift cannot build.
static inline int omsd_bind(int fd, const struct sockaddr *to, socklen_t size) { return bind(fd, to, size); }
static inline int omsd_connect(int fd, const struct sockaddr *to, socklen_t size) { return connect(fd, to, size); }
static inline int omsd_accept(int fd) { return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

static inline int omsd_stream_socket_type(void) { return SOCK_STREAM | SOCK_CLOEXEC; }

/// open is variadic. Does not block on a pipe or device that stands where a file should.
static inline int omsd_open_to_read(const char *path) { return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); }

/// open is variadic, which Swift cannot call.
static inline int omsd_open_regular(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }

/// ioctl is variadic, which Swift cannot call.
static inline int omsd_window_size(int fd, struct winsize *size) { return ioctl(fd, TIOCGWINSZ, size); }

/// What SIGINT says before it ends the process; only what signal-safety(7) allows is done when it comes.
static inline char *omsd_interrupt_text(void) {
    static char text[2048];
    return text;
}
static inline void omsd_interrupted(int signal_number) {
    ssize_t written = write(2, omsd_interrupt_text(), strlen(omsd_interrupt_text()));
    (void)written;
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}
/// From now on an interrupt prints this first, cut at 2,047 bytes.
static inline void omsd_say_when_interrupted(const char *text) {
    signal(SIGINT, SIG_IGN);
    strncpy(omsd_interrupt_text(), text, 2047);
    signal(SIGINT, omsd_interrupted);
}

static inline struct termios *omsd_terminal_before(void) {
    static struct termios before;
    return &before;
}
static inline void omsd_end_keys(void) {
    tcsetattr(0, TCSANOW, omsd_terminal_before());
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
}
static inline void omsd_end_keys_and_die(int signal_number) {
    omsd_end_keys();
    raise(signal_number);
}
/// Keys of the terminal at descriptor 0 one by one and without an echo; whatever signal ends the program puts it back. -1: it is no terminal.
static inline int omsd_begin_keys(void) {
    struct termios *before = omsd_terminal_before();
    if (tcgetattr(0, before) != 0) return -1;
    struct termios now = *before;
    now.c_lflag &= (tcflag_t)~(ICANON | ECHO);
    signal(SIGINT, omsd_end_keys_and_die);
    signal(SIGTERM, omsd_end_keys_and_die);
    signal(SIGHUP, omsd_end_keys_and_die);
    return tcsetattr(0, TCSANOW, &now);
}

/// For debug builds: dies as by kill -9 where the named point is passed for the nth time, as OMSD_KILL_AT="point:nth" asks.
static inline void omsd_kill_point(const char *point) {
    static long passed;
    const char *wish = getenv("OMSD_KILL_AT");
    size_t length = strlen(point);
    if (!wish || strncmp(wish, point, length) != 0 || wish[length] != ':') return;
    if (__atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST) == atol(wish + length + 1)) kill(getpid(), SIGKILL);
}
