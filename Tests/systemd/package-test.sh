# Runs in a Debian booted by scripts/boot-unit -r, as root, by `sh -eu`: the packages under a real systemd, with clients connected (scripts/test-deb).
. /srv/omsd/sentences.sh

export DEBIAN_FRONTEND=noninteractive
export OMSD_SOCKET=/run/omsd/control.sock
journal=/var/lib/omsd/journal.db
url=http://127.0.0.1:8899
cd /srv/omsd

install_packages omsd.deb omsim.deb
holds "the installation says what to do next" 1 grep -q 'check-config --config /etc/omsd/omsd.json5' /tmp/said
[ "$(systemctl is-enabled omsd)" = enabled ] || false_that "the unit is enabled"
true_that "the unit is enabled"
[ "$(property ActiveState)" = inactive ] || false_that "it is not started, and did not fail, without a configuration"
true_that "it is not started, and did not fail, without a configuration"

systemd-run --quiet --unit omsim omsim serve --listen 127.0.0.1:8899 --freshness-ms 3000
mkdir -m 700 /tmp/config
omsim accounts --write-config /tmp/config --base-url "$url" --journal "$journal" --socket "$OMSD_SOCKET" >/dev/null
for file in /tmp/config/*; do
    case $file in
    *.json5) cp "$file" /etc/omsd/omsd.json5 && chmod 644 /etc/omsd/omsd.json5 ;;
    *) cp "$file" /etc/omsd/credentials/ && chmod 600 /etc/omsd/credentials/* ;;
    esac
done
holds "the simulated venues listen" 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8899'
systemctl enable --now omsd.socket >/dev/null 2>&1 || false_that "the socket unit starts"
systemctl start omsd || false_that "omsd starts once it has a configuration"
holds "the accounts get ready" 60 sh -c 'omsctl --json status | grep -q "\"ready\":true"'

echo '{"symbol":"btc_usdt","side":"buy","type":"limit","price":"39000","quantity":"10","position_side":"long"}' >/tmp/order.jsonl
holds "an order is accepted" 60 omsctl submit /tmp/order.jsonl --account mm-az --intent-id before --no-wait
invocation=$(property InvocationID)
python3 /srv/omsd/knock.py "$OMSD_SOCKET" 25 >/tmp/knocks &
knocking=$!
# Orders go on while the package is replaced: a client that was cut off sends the same intent again.
(
    number=0
    while kill -0 $knocking 2>/dev/null; do
        number=$((number + 1))
        until omsctl submit /tmp/order.jsonl --account mm-az --intent-id "during-$number" --no-wait >/dev/null 2>&1; do sleep 0.05; done
        echo "$number" >/tmp/submitted
        sleep 0.05
    done
) &
submitting=$!
answered() { sed -n 's/^answered \([0-9]*\) .*/\1/p' /tmp/knocks | tail -n 1; }
holds "clients are answered and give orders before the upgrade" 10 sh -c 'grep -Eq "^answered [0-9]{3,} " /tmp/knocks && [ "$(cat /tmp/submitted)" -ge 10 ]'
install_packages omsd-later.deb
by_then=$(answered)
after=$(property InvocationID)
[ "$after" != "$invocation" ] || false_that "an upgrade restarts the daemon"
true_that "an upgrade restarts the daemon"
wait $knocking
wait $submitting
echo "clients: $(tail -n 1 /tmp/knocks)"
tail -n 1 /tmp/knocks | grep -q ' refused 0 ' || false_that "no connection is refused"
true_that "no connection is refused"
[ "$(answered)" -ge $((by_then + 100)) ] || false_that "clients are answered before and after"
true_that "clients are answered before and after"
[ "$(property InvocationID)" = "$after" ] || false_that "it is restarted once"
true_that "it is restarted once"
starts=$(sqlite3 -readonly "$journal" "SELECT count(*) FROM v_timeline WHERE kind = 'start'")
[ "$starts" = 2 ] || false_that "the record knows two starts"
true_that "the record knows two starts"
orders=$(sqlite3 -readonly "$journal" 'SELECT count(*) FROM v_orders')
[ "$orders" = $(($(cat /tmp/submitted) + 1)) ] || false_that "each order given during the upgrade is on record, once: $orders of $(cat /tmp/submitted) and one"
true_that "each order given during the upgrade is on record, once"

# A journal from a newer omsd, whose package is replaced by an older one while it runs.
systemctl stop omsd.socket
sqlite3 "$journal" 'PRAGMA user_version = 9999'
install_packages omsd.deb
true_that "a package that is older than its journal installs"
holds "the installation says that omsd did not come back, and where to read why" 1 grep -q 'did not come back.*journalctl -u omsd' /tmp/said
[ "$(property ActiveState):$(property ExecMainStatus)" = failed:65 ] || false_that "its daemon refuses the journal, and is not tried again"
true_that "its daemon refuses the journal, and is not tried again"
holds "in words that name the version and say what to do" 5 sh -c 'journalctl --unit omsd --lines 5 | grep -q "version 9999, newer than this omsd.*take the omsd"'
# Without a daemon nothing writes there: what was in the WAL when the newer omsd ended is in the file.
before=$(sha256sum "$journal")
if systemctl start omsd; then false_that "another start is refused"; fi
true_that "another start is refused"
[ "$(sha256sum "$journal")" = "$before" ] || false_that "and changes not a byte of the journal"
true_that "and changes not a byte of the journal"

dpkg --remove omsd >/dev/null 2>&1
[ -e /etc/omsd/omsd.json5 ] && [ -e "$journal" ] || false_that "a removal keeps configuration and journal"
true_that "a removal keeps configuration and journal"
if systemctl is-active --quiet omsd; then false_that "a removal stops the daemon"; fi
true_that "a removal stops the daemon"
dpkg --purge omsd >/tmp/said 2>&1
[ ! -e /etc/omsd ] && [ -e "$journal" ] || false_that "a purge takes the configuration and keeps the journal"
true_that "a purge takes the configuration and keeps the journal"
grep -q /var/lib/omsd /tmp/said || false_that "and says where it lies"
true_that "and says where it lies"
echo "all sentences hold"
