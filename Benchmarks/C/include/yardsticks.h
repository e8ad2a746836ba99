/// The limits that `make bench` holds omsd against, in plain C: what SQLite and the kernel alone cost on this machine.
#pragma once
#include <stdint.h>

/// A journal of the least that an order needs: one order row of about 200 bytes and one event row.
typedef struct yardstick_journal yardstick_journal;

/// Makes the file: WAL, synchronous=FULL, a unique index of client ids, a partial index of open orders, an index of events by order.
/// NULL: the reason stands in `error`.
yardstick_journal *yardstick_open(const char *path, char *error, int room);

/// Writes `commits` transactions of `orders` orders and as many events; how long each took goes to `ns`. 0, or SQLite's code.
int yardstick_commit(yardstick_journal *journal, int commits, int orders, int64_t *ns);

/// The same of what pushes of executions need at the least, for orders that were written before: an update, a row and two events each.
int yardstick_push(yardstick_journal *journal, int commits, int pushes, int64_t *ns);

void yardstick_close(yardstick_journal *journal);

/// Opens a journal read-only and steps through every row of `sql`, all columns read: the least that a start costs.
/// 0, or SQLite's code. `ns` is the time of open, prepare and all rows.
int yardstick_read(const char *path, const char *sql, int64_t *rows, int64_t *ns);

/// Numbers of a query on a journal: at most `most` rows of `columns`, NULL as -1. The rows found, or minus SQLite's code.
int yardstick_numbers(const char *path, const char *sql, double *values, int columns, int most);

/// Runs statements on a journal that nobody has open. 0, or SQLite's code.
int yardstick_execute(const char *path, const char *sql);

/// An echo over a Unix stream socket: two threads, blocking, frames of `size` bytes, one in flight.
typedef struct yardstick_echo yardstick_echo;
yardstick_echo *yardstick_echo_open(int size);
/// `count` round trips; how long each took goes to `ns`. 0, or errno.
int yardstick_echo_trips(yardstick_echo *echo, int count, int64_t *ns);
void yardstick_echo_close(yardstick_echo *echo);
