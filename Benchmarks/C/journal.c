#include "yardsticks.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct yardstick_journal {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *order, *event, *filled, *fill, *change;
    int64_t key, seq, pushed;
    int frames;
    char padding[96];
};

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int note_frames(void *context, sqlite3 *db, const char *name, int frames) {
    (void)db, (void)name;
    *(int *)context = frames;
    return SQLITE_OK;
}

static const char schema[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "CREATE TABLE orders (order_key INTEGER PRIMARY KEY, client_order_id TEXT NOT NULL, intent_key INTEGER NOT NULL, symbol TEXT NOT NULL,"
    " side TEXT NOT NULL, type TEXT NOT NULL, price TEXT, quantity TEXT, state TEXT NOT NULL, intended_at INTEGER NOT NULL, closed_at INTEGER,"
    " other TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX orders_id ON orders (client_order_id);"
    "CREATE INDEX orders_open ON orders (order_key) WHERE closed_at IS NULL;"
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, order_key INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL) STRICT;"
    "CREATE INDEX events_order ON events (order_key);"
    "CREATE TABLE fills (fill_key INTEGER PRIMARY KEY, order_key INTEGER NOT NULL, trade_id TEXT NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL,"
    " fee TEXT, fee_asset TEXT, at INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX fills_trade ON fills (trade_id);";

yardstick_journal *yardstick_open(const char *path, char *error, int room) {
    yardstick_journal *journal = calloc(1, sizeof *journal);
    if (!journal) {
        snprintf(error, (size_t)room, "no memory");
        return NULL;
    }
    memset(journal->padding, 'x', sizeof journal->padding);
    int code = sqlite3_open_v2(path, &journal->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) code = sqlite3_exec(journal->db, schema, NULL, NULL, NULL);
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(journal->db, "BEGIN IMMEDIATE", -1, &journal->begin, NULL);
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(journal->db, "COMMIT", -1, &journal->commit, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v2(
            journal->db, "INSERT INTO orders VALUES (?1, ?2, 1, 'btc_usdt', 'buy', 'limit', '39000.5', '10', 'intended', ?3, NULL, ?4)", -1,
            &journal->order, NULL);
    }
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(journal->db, "INSERT INTO events VALUES (?1, ?2, ?3, 'intended')", -1, &journal->event, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v2(journal->db, "UPDATE orders SET state = 'filled', closed_at = ?2 WHERE order_key = ?1", -1, &journal->filled, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v2(
            journal->db, "INSERT INTO fills VALUES (NULL, ?1, ?2, '39000.5', '10', '-0.0001', 'usdt', ?3)", -1, &journal->fill, NULL);
    }
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(journal->db, "INSERT INTO events VALUES (?1, ?2, ?3, ?4)", -1, &journal->change, NULL);
    if (code != SQLITE_OK) {
        snprintf(error, (size_t)room, "%s: %s", path, sqlite3_errmsg(journal->db));
        yardstick_close(journal);
        return NULL;
    }
    sqlite3_wal_hook(journal->db, note_frames, &journal->frames);
    return journal;
}

static int run(sqlite3_stmt *statement) {
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_order(yardstick_journal *journal) {
    char id[32];
    journal->key += 1;
    int length = snprintf(id, sizeof id, "o4k2%09lld", (long long)journal->key);
    int64_t at = 1795183260000000 + journal->key;
    sqlite3_bind_int64(journal->order, 1, journal->key);
    sqlite3_bind_text(journal->order, 2, id, length, SQLITE_STATIC);
    sqlite3_bind_int64(journal->order, 3, at);
    sqlite3_bind_text(journal->order, 4, journal->padding, sizeof journal->padding, SQLITE_STATIC);
    int code = run(journal->order);
    if (code != SQLITE_OK) return code;
    sqlite3_bind_int64(journal->event, 1, journal->key);
    sqlite3_bind_int64(journal->event, 2, journal->key);
    sqlite3_bind_int64(journal->event, 3, at);
    return run(journal->event);
}

int yardstick_commit(yardstick_journal *journal, int commits, int orders, int64_t *ns) {
    for (int i = 0; i < commits; i++) {
        int64_t start = now_ns();
        int code = run(journal->begin);
        for (int n = 0; n < orders && code == SQLITE_OK; n++) code = write_order(journal);
        if (code == SQLITE_OK) code = run(journal->commit);
        if (code != SQLITE_OK) return code;
        // As seldom as omsd does it, and like there a part of what a writer waits for.
        if (journal->frames >= 4000) sqlite3_wal_checkpoint_v2(journal->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), journal->frames = 0;
        ns[i] = now_ns() - start;
    }
    return SQLITE_OK;
}

static int write_change(yardstick_journal *journal, const char *kind) {
    journal->seq += 1;
    // Behind whatever the orders' own events are numbered.
    sqlite3_bind_int64(journal->change, 1, ((int64_t)1 << 40) + journal->seq);
    sqlite3_bind_int64(journal->change, 2, journal->pushed);
    sqlite3_bind_int64(journal->change, 3, 1795183260000000 + journal->seq);
    sqlite3_bind_text(journal->change, 4, kind, -1, SQLITE_STATIC);
    return run(journal->change);
}

static int write_push(yardstick_journal *journal) {
    char id[32];
    journal->pushed += 1;
    if (journal->pushed > journal->key) return SQLITE_RANGE;
    int length = snprintf(id, sizeof id, "13500%012lld", (long long)journal->pushed);
    sqlite3_bind_int64(journal->filled, 1, journal->pushed);
    sqlite3_bind_int64(journal->filled, 2, 1795183260000000 + journal->pushed);
    int code = run(journal->filled);
    if (code != SQLITE_OK) return code;
    sqlite3_bind_int64(journal->fill, 1, journal->pushed);
    sqlite3_bind_text(journal->fill, 2, id, length, SQLITE_STATIC);
    sqlite3_bind_int64(journal->fill, 3, 1795183260000000 + journal->pushed);
    code = run(journal->fill);
    if (code == SQLITE_OK) code = write_change(journal, "execution");
    return code == SQLITE_OK ? write_change(journal, "filled") : code;
}

int yardstick_push(yardstick_journal *journal, int commits, int pushes, int64_t *ns) {
    for (int i = 0; i < commits; i++) {
        int64_t start = now_ns();
        int code = run(journal->begin);
        for (int n = 0; n < pushes && code == SQLITE_OK; n++) code = write_push(journal);
        if (code == SQLITE_OK) code = run(journal->commit);
        if (code != SQLITE_OK) return code;
        if (journal->frames >= 4000) sqlite3_wal_checkpoint_v2(journal->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), journal->frames = 0;
        ns[i] = now_ns() - start;
    }
    return SQLITE_OK;
}

void yardstick_close(yardstick_journal *journal) {
    sqlite3_finalize(journal->begin);
    sqlite3_finalize(journal->commit);
    sqlite3_finalize(journal->order);
    sqlite3_finalize(journal->event);
    sqlite3_finalize(journal->filled);
    sqlite3_finalize(journal->fill);
    sqlite3_finalize(journal->change);
    sqlite3_close(journal->db);
    free(journal);
}

static void touch(sqlite3_stmt *statement, int64_t *sum) {
    for (int column = 0; column < sqlite3_column_count(statement); column++) {
        if (sqlite3_column_type(statement, column) == SQLITE_TEXT) {
            const unsigned char *text = sqlite3_column_text(statement, column);
            *sum += text ? text[0] : 0;
        } else {
            *sum += sqlite3_column_int64(statement, column);
        }
    }
}

int yardstick_read(const char *path, const char *sql, int64_t *rows, int64_t *ns) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t start = now_ns(), sum = 0;
    *rows = 0;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW) break;
        *rows += 1;
        touch(statement, &sum);
    }
    // The sum is used, so that no reading can be left out.
    *ns = now_ns() - start + (sum == INT64_MIN);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int yardstick_numbers(const char *path, const char *sql, double *values, int columns, int most) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int found = 0;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) sqlite3_busy_timeout(db, 3000);
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    while (code == SQLITE_OK && found < most) {
        int step = sqlite3_step(statement);
        if (step == SQLITE_DONE) break;
        if (step != SQLITE_ROW) code = step;
        for (int column = 0; step == SQLITE_ROW && column < columns; column++) {
            int isNull = sqlite3_column_type(statement, column) == SQLITE_NULL;
            values[found * columns + column] = isNull ? -1 : sqlite3_column_double(statement, column);
        }
        found += step == SQLITE_ROW;
    }
    if (code != SQLITE_OK) fprintf(stderr, "%s: %s\n  %s\n", path, sqlite3_errmsg(db), sql);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return code == SQLITE_OK ? found : -code;
}

int yardstick_execute(const char *path, const char *sql) {
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK) fprintf(stderr, "%s: %s\n  %s\n", path, sqlite3_errmsg(db), sql);
    sqlite3_close(db);
    return code;
}
