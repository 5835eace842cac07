// Waiting on many sockets at once, and being woken by another thread: what Linux has for it and Swift's module of the C
// library lacks. The events are those of libcurl: CURL_CSELECT_IN, _OUT and _ERR, together.
#ifndef CAIRN_CCURL_EVENTS_H
#define CAIRN_CCURL_EVENTS_H

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

struct cairn_event {
    int file;
    int events;
};

static inline int cairn_events_control(int queue, int operation, int file, uint32_t mask) {
    struct epoll_event event = {.events = mask, .data = {.fd = file}};
    return epoll_ctl(queue, operation, file, &event);
}

/// A file that `cairn_events_wake` makes ready; -1 when there is none left.
static inline int cairn_events_wake_file(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/// It does nothing only when the file's counter is at its end: then the waiter has not slept since 2^64 calls.
static inline void cairn_events_wake(int wake_file) {
    eventfd_write(wake_file, 1);
}

/// A queue that `wake_file` wakes; -1 when there is none left.
static inline int cairn_events_queue(int wake_file) {
    int queue = epoll_create1(EPOLL_CLOEXEC);
    // Edge-triggered: each wake is one event, and nobody has to read it away.
    if (queue >= 0 && cairn_events_control(queue, EPOLL_CTL_ADD, wake_file, EPOLLIN | EPOLLET) != 0) return -1;
    return queue;
}

/// Watches a file for `events` instead of `before`; 0 is none.
static inline int cairn_events_watch(int queue, int file, int before, int events) {
    uint32_t mask = (events & 1 ? EPOLLIN : 0) | (events & 2 ? EPOLLOUT : 0);
    int operation = events == 0 ? EPOLL_CTL_DEL : before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    return cairn_events_control(queue, operation, file, mask);
}

/// Waits for at most 64 events.
/// - Returns: How many there are; 0 after the time, or -1 when a signal came.
static inline int cairn_events_wait(int queue, struct cairn_event *result, int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(queue, events, 64, milliseconds);
    for (int i = 0; i < count; i++) {
        uint32_t mask = events[i].events;
        result[i].file = events[i].data.fd;
        // Hung up: reading and writing both tell why.
        result[i].events = (mask & EPOLLIN ? 1 : 0) | (mask & EPOLLOUT ? 2 : 0) | (mask & EPOLLERR ? 4 : 0) | (mask & EPOLLHUP ? 3 : 0);
    }
    return count;
}

/// Names the calling thread; at most 15 bytes.
static inline void cairn_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

#endif
