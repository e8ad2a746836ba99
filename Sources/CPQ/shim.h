#pragma once
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <postgresql/libpq-fe.h>

/// PostgreSQL's client library, opened when a group's log is wanted and not before: nothing here links against it (docs/decisions/0025-standby.md).
typedef struct omsd_pq {
    __typeof__(&PQconnectStartParams) connect_start;
    __typeof__(&PQconnectPoll) connect_poll;
    __typeof__(&PQstatus) status;
    __typeof__(&PQfinish) finish;
    __typeof__(&PQsocket) socket;
    __typeof__(&PQerrorMessage) error_message;
    __typeof__(&PQsetnonblocking) set_nonblocking;
    __typeof__(&PQsetNoticeReceiver) set_notice_receiver;
    __typeof__(&PQenterPipelineMode) enter_pipeline;
    __typeof__(&PQpipelineSync) pipeline_sync;
    __typeof__(&PQsendPrepare) send_prepare;
    __typeof__(&PQsendQueryPrepared) send_prepared;
    __typeof__(&PQsendQueryParams) send_query;
    __typeof__(&PQflush) flush;
    __typeof__(&PQconsumeInput) consume;
    __typeof__(&PQisBusy) is_busy;
    __typeof__(&PQgetResult) get_result;
    __typeof__(&PQresultStatus) result_status;
    __typeof__(&PQresultErrorField) error_field;
    __typeof__(&PQntuples) tuples;
    __typeof__(&PQnfields) columns;
    __typeof__(&PQgetvalue) value;
    __typeof__(&PQgetlength) length;
    __typeof__(&PQclear) clear;
    __typeof__(&PQconninfoParse) parse;
    __typeof__(&PQconninfoFree) free_options;
    __typeof__(&PQfreemem) free_memory;
    __typeof__(&PQconnectdbParams) connect_now;
    __typeof__(&PQexec) execute;
} omsd_pq;

static inline void *omsd_pq_symbol(void *library, const char *name, const char **missing) {
    void *symbol = dlsym(library, name);
    if (!symbol && !*missing) *missing = name;
    return symbol;
}

/// - Returns: 0 where all is there; else what is missing: the library as the system's linker says it, or the name of a function.
static inline const char *omsd_pq_open(const char *name, omsd_pq *pq) {
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) return dlerror();
    const char *missing = 0;
#define OMSD_PQ(member, function) pq->member = (__typeof__(pq->member))omsd_pq_symbol(library, #function, &missing)
    OMSD_PQ(connect_start, PQconnectStartParams);
    OMSD_PQ(connect_poll, PQconnectPoll);
    OMSD_PQ(status, PQstatus);
    OMSD_PQ(finish, PQfinish);
    OMSD_PQ(socket, PQsocket);
    OMSD_PQ(error_message, PQerrorMessage);
    OMSD_PQ(set_nonblocking, PQsetnonblocking);
    OMSD_PQ(set_notice_receiver, PQsetNoticeReceiver);
    OMSD_PQ(enter_pipeline, PQenterPipelineMode);
    OMSD_PQ(pipeline_sync, PQpipelineSync);
    OMSD_PQ(send_prepare, PQsendPrepare);
    OMSD_PQ(send_prepared, PQsendQueryPrepared);
    OMSD_PQ(send_query, PQsendQueryParams);
    OMSD_PQ(flush, PQflush);
    OMSD_PQ(consume, PQconsumeInput);
    OMSD_PQ(is_busy, PQisBusy);
    OMSD_PQ(get_result, PQgetResult);
    OMSD_PQ(result_status, PQresultStatus);
    OMSD_PQ(error_field, PQresultErrorField);
    OMSD_PQ(tuples, PQntuples);
    OMSD_PQ(columns, PQnfields);
    OMSD_PQ(value, PQgetvalue);
    OMSD_PQ(length, PQgetlength);
    OMSD_PQ(clear, PQclear);
    OMSD_PQ(parse, PQconninfoParse);
    OMSD_PQ(free_options, PQconninfoFree);
    OMSD_PQ(free_memory, PQfreemem);
    OMSD_PQ(connect_now, PQconnectdbParams);
    OMSD_PQ(execute, PQexec);
#undef OMSD_PQ
    return missing;
}

/// Fields of an error or a notice; their codes are character macros, which Swift sees as numbers of another type.
enum { omsd_pq_sqlstate = PG_DIAG_SQLSTATE, omsd_pq_severity = PG_DIAG_SEVERITY_NONLOCALIZED, omsd_pq_message = PG_DIAG_MESSAGE_PRIMARY };
