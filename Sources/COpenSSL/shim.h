#pragma once
// As in CLinux: both must see the same libc types.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/// The release of the library that was loaded, as in `3.0.17`.
static inline const char *omsd_openssl_version(void) { return OpenSSL_version(OPENSSL_VERSION_STRING); }

/// What both ends share: TLS 1.2 or newer, no compression, no renegotiation, no tickets kept. Null on failure.
static inline SSL_CTX *omsd_tls_context(int is_server) {
    SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (context == NULL) return NULL;
    uint64_t options = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION;
    if (!is_server) options |= SSL_OP_NO_TICKET;
    SSL_CTX_set_options(context, options);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_security_level(context, 2);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    if (!is_server) SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
}

/// Ties a session to the host it must prove: the name that is checked, and the name that is asked for (SNI; not for addresses). 1 on success.
static inline int omsd_tls_expect(SSL *session, const char *host, int is_address) {
    static const unsigned char http11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    if (SSL_set_alpn_protos(session, http11, sizeof http11) != 0) return 0;
    if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host);
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(session, host) == 1 && SSL_set_tlsext_host_name(session, host) == 1;
}

/// Bytes waiting in a memory BIO.
static inline int omsd_bio_pending(BIO *bio) { return (int)BIO_pending(bio); }
