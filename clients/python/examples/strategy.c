// A ladder of bids over the bare socket: places it, tells what came of it, takes it back. cc -o strategy strategy.c; ./strategy ACCOUNT SYMBOL PRICE STEP N
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static FILE *lines;

// One request, one answer: a line each.
static char *call(const char *method, const char *parameters) {
    static char answer[1 << 20];
    dprintf(fileno(lines), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}\n", method, parameters);
    if (!fgets(answer, sizeof answer, lines)) { fputs("omsd ended the connection\n", stderr); exit(7); }
    if (strstr(answer, "\"error\":")) { fputs(answer, stderr); exit(3); }
    return answer;
}

int main(int count, char **words) {
    if (count != 6) { fputs("strategy ACCOUNT SYMBOL PRICE STEP N\n", stderr); return 2; }
    const char *path = getenv("OMSD_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path ? path : "/run/omsd/control.sock");
    int connection = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) { perror(address.sun_path); return 7; }
    lines = fdopen(connection, "r");
    static char parameters[1 << 16], more[1 << 15];
    for (long step = 0; step < atol(words[5]) && strlen(more) < sizeof more - 256; step++)
        sprintf(more + strlen(more), "%s{\"symbol\":\"%.32s\",\"side\":\"buy\",\"type\":\"limit\",\"post_only\":true,\"quantity\":\"0.001\",\"price\":\"%ld\"}",
                step ? "," : "", words[2], atol(words[3]) - step * atol(words[4]));
    // The id makes it safe to start again after a crash: the same ladder under the same id is the same ladder.
    snprintf(parameters, sizeof parameters, "{\"account\":\"%.64s\",\"intent_id\":\"ladder-%d\",\"place\":[%s]}", words[1], getpid(), more);
    printf("placed %s", call("intent.submit", parameters));
    snprintf(parameters, sizeof parameters, "{\"intent_id\":\"ladder-%d\",\"timeout_ms\":30000}", getpid());
    printf("settled %s", call("intent.wait", parameters));
    snprintf(parameters, sizeof parameters, "{\"intent_id\":\"ladder-%d\"}", getpid());
    printf("cancelled %s", call("intent.cancel", parameters));
    return 0;
}
