#include "yardsticks.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct yardstick_echo {
    int ends[2];
    int size;
    char *frame, *answer;
    pthread_t thread;
};

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int read_all(int fd, char *bytes, int size) {
    for (int at = 0; at < size;) {
        ssize_t count = read(fd, bytes + at, (size_t)(size - at));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return -1;
        at += (int)count;
    }
    return 0;
}

static void *serve(void *argument) {
    yardstick_echo *echo = argument;
    while (read_all(echo->ends[1], echo->answer, echo->size) == 0) {
        if (write(echo->ends[1], echo->answer, (size_t)echo->size) != echo->size) break;
    }
    return NULL;
}

yardstick_echo *yardstick_echo_open(int size) {
    yardstick_echo *echo = calloc(1, sizeof *echo);
    if (!echo) return NULL;
    echo->size = size;
    echo->frame = calloc(1, (size_t)size);
    echo->answer = calloc(1, (size_t)size);
    if (echo->frame && echo->answer && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, echo->ends) == 0) {
        if (pthread_create(&echo->thread, NULL, serve, echo) == 0) return echo;
        close(echo->ends[0]);
        close(echo->ends[1]);
    }
    free(echo->frame);
    free(echo->answer);
    free(echo);
    return NULL;
}

int yardstick_echo_trips(yardstick_echo *echo, int count, int64_t *ns) {
    for (int i = 0; i < count; i++) {
        int64_t start = now_ns();
        if (write(echo->ends[0], echo->frame, (size_t)echo->size) != echo->size) return errno ? errno : EIO;
        if (read_all(echo->ends[0], echo->frame, echo->size) != 0) return errno ? errno : EIO;
        ns[i] = now_ns() - start;
    }
    return 0;
}

void yardstick_echo_close(yardstick_echo *echo) {
    shutdown(echo->ends[0], SHUT_RDWR);
    pthread_join(echo->thread, NULL);
    close(echo->ends[0]);
    close(echo->ends[1]);
    free(echo->frame);
    free(echo->answer);
    free(echo);
}
