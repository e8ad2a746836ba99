# Shared by scripts/demo and scripts/run: a scratch folder with omsim and omsd in it. Sourced, with `set -euo pipefail` in force.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=${OMSD_BINARIES:-$root/.build/release}
simulator= daemon= scratch=

say() { printf '%s\n' "$*"; }
fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    if [ -n "$scratch" ]; then
        for log in omsim omsd; do
            if [ -s "$scratch/$log.log" ]; then printf -- '--- the end of %s.log\n' "$log" >&2; tail -n 15 "$scratch/$log.log" >&2; fi
        done
    fi
    exit 1
}

# Ends what we started and nothing else, then removes the folder.
clean_up() {
    local process
    for process in $daemon $simulator; do
        kill -TERM "$process" 2>/dev/null || continue
        wait "$process" 2>/dev/null || true
    done
    if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A loopback port that nobody listens on just now, below the range the kernel hands out itself.
free_port() {
    local port try
    for try in {1..100}; do
        port=$((20000 + RANDOM % 12000))
        if ! listens "$port"; then echo "$port"; return; fi
    done
    return 1
}

# wait_for SECONDS COMMAND…: until it succeeds; false when the time is over.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# start_simulator [FAULTS]: omsim on a free port; sets `url`.
start_simulator() {
    local port try options=()
    if [ $# -gt 0 ]; then options=(--faults "$1"); fi
    for try in {1..5}; do
        port=$(free_port) || fail "no free port on 127.0.0.1"
        "$bin/omsim" serve --listen "127.0.0.1:$port" --freshness-ms 3000 --seed 7 "${options[@]}" >"$scratch/omsim.log" 2>&1 &
        simulator=$!
        url=http://127.0.0.1:$port
        if wait_for 10 simulator_answers "$port" && kill -0 "$simulator" 2>/dev/null; then return; fi
        wait "$simulator" 2>/dev/null || true
        simulator=
    done
    fail "omsim did not start"
}
# Also true when it ended: the caller looks which.
simulator_answers() { listens "$1" || ! kill -0 "$simulator" 2>/dev/null; }

# write_configuration [JOURNAL]: of omsd, for the accounts of omsim; sets `configuration` and `journal`.
write_configuration() {
    journal=${1:-$scratch/journal.db}
    export OMSD_SOCKET=$scratch/control.sock
    mkdir -m 700 "$scratch/config"
    "$bin/omsim" accounts --write-config "$scratch/config" --base-url "$url" --journal "$journal" --socket "$OMSD_SOCKET" >"$scratch/accounts.json" ||
        fail "omsim could not write a configuration"
    configuration=$(find "$scratch/config" -name '*.json5' | head -n 1)
    [ -n "$configuration" ] || fail "omsim wrote no configuration"
    "$bin/omsd" check-config --config "$configuration" >/dev/null || fail "the configuration is refused"
    read_samples
}

start_daemon() {
    "$bin/omsd" --config "$configuration" >>"$scratch/omsd.log" 2>&1 &
    daemon=$!
    wait_for 30 daemon_answers || fail "omsd did not start"
    kill -0 "$daemon" 2>/dev/null || fail "omsd ended"
}
daemon_answers() { "$bin/omsctl" status >/dev/null 2>&1 || ! kill -0 "$daemon" 2>/dev/null; }

sql() { sqlite3 -readonly -cmd '.timeout 5000' "$journal" "$1"; }

# What can be sent to each account, written beside the configuration: its name, how many orders make a large intent there, and one order that rests.
accounts=()
declare -A large sample
read_samples() {
    local account count order
    while IFS=$'\t' read -r account count order; do
        accounts+=("$account")
        large[$account]=$count
        sample[$account]=$order
    done <"$scratch/config/samples.tsv"
    [ ${#accounts[@]} -gt 0 ] || fail "omsim wrote no sample orders"
}
