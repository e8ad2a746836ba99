# Runs inside the container of scripts/boot-unit, as root, by `sh -eu`: the units under a real systemd.
. /srv/omsd/sentences.sh

PATH=/srv/omsd/bin:$PATH
export OMSD_SOCKET=/run/omsd/control.sock
journal=/var/lib/omsd/journal.db
url=http://127.0.0.1:8899

restarted() { [ "$(property NRestarts)" = "$1" ] && systemctl is-active --quiet omsd; }
# as USER COMMAND…: with that user's groups. No PAM: /etc is empty here.
as() {
    user=$1
    shift
    setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"
}
rows() { sqlite3 -readonly "$journal" 'SELECT count(*) FROM v_orders'; }
has_rows() { [ "$(rows)" = "$1" ]; }

# What a package would install, and what an operator adds.
systemd-sysusers /srv/omsd/omsd.sysusers
systemd-tmpfiles --create /srv/omsd/omsd.tmpfiles
useradd --system --groups omsd-audit auditor
systemd-run --quiet --unit omsim /srv/omsd/bin/omsim serve --listen 127.0.0.1:8899
mkdir -m 700 /tmp/config
omsim accounts --write-config /tmp/config --base-url "$url" --journal "$journal" --socket "$OMSD_SOCKET" >/dev/null
for file in /tmp/config/*; do
    case $file in
    *.json5) install -m 644 "$file" /etc/omsd/omsd.json5 ;;
    *) install -m 600 "$file" /etc/omsd/credentials/ ;;
    esac
done
holds "the simulated venues listen" 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8899'

systemctl start omsd || false_that "systemctl start returns once omsd is ready"
true_that "systemctl start returns once omsd is ready"
holds "the socket answers as soon as systemd says started" 1 omsctl status
holds "the status line tells of the accounts" 10 sh -c 'systemctl show --property StatusText --value omsd | grep -q mm-az'
[ "$(stat --format %U:%G:%a /var/lib/omsd)" = omsd:omsd-audit:2750 ] || false_that "the journal's folder is for omsd and its auditors"
true_that "the journal's folder is for omsd and its auditors"
holds "an auditor reads the journal" 5 as auditor sqlite3 -readonly "$journal" 'SELECT count(*) FROM v_orders'
if as nobody sqlite3 -readonly "$journal" 'SELECT count(*) FROM v_orders' 2>/dev/null; then false_that "nobody else reads the journal"; fi
true_that "nobody else reads the journal"

echo '{"symbol":"btc_usdt","side":"buy","type":"limit","price":"39000","quantity":"10","position_side":"long"}' >/tmp/order.jsonl
holds "an order is accepted" 60 omsctl submit /tmp/order.jsonl --account mm-az --intent-id boot-1 --no-wait
has_rows 1 || false_that "the order stands in the journal"
true_that "the order stands in the journal"

kill -9 "$(property MainPID)"
holds "omsd is back after kill -9" 20 restarted 1
holds "it answers again" 5 omsctl status
has_rows 1 || false_that "the order is still there, once"
true_that "the order is still there, once"
omsd verify --journal "$journal" >/dev/null 2>&1 || false_that "the journal passes omsd verify"
true_that "the journal passes omsd verify"

kill -STOP "$(property MainPID)"
holds "a daemon that stands still is replaced by the watchdog" 30 restarted 2

systemctl reload omsd || false_that "a reload succeeds"
holds "it answers after a reload" 10 omsctl status

for process in $(property MainPID); do
    if grep -q -e secret -e passphrase "/proc/$process/environ" "/proc/$process/cmdline"; then false_that "environment and command line hold no secret"; fi
done
true_that "environment and command line hold no secret"

systemctl stop omsd
[ "$(property Result)" = success ] || false_that "a stop is clean"
true_that "a stop is clean"
holds "an auditor reads the journal of a stopped omsd" 5 as auditor sqlite3 -readonly "$journal" 'SELECT count(*) FROM v_orders'

systemctl start omsd.socket
before=$(stat --format %i "$OMSD_SOCKET")
holds "a first client starts omsd through its socket" 30 omsctl status
systemctl restart omsd
[ "$(stat --format %i "$OMSD_SOCKET")" = "$before" ] || false_that "the socket survives a restart"
true_that "the socket survives a restart"
holds "clients are answered on it" 10 omsctl status
systemctl stop omsd.socket omsd

cp /etc/omsd/omsd.json5 /tmp/good.json5
sed 's/journal:/jurnal:/; s/"journal":/"jurnal":/' /tmp/good.json5 >/etc/omsd/omsd.json5
if systemctl start omsd; then false_that "a wrong configuration is refused"; fi
[ "$(property ExecMainStatus)" = 78 ] || false_that "a wrong configuration ends with 78"
restarts=$(property NRestarts)
holds "and is not tried again" 5 sh -c "[ \"\$(systemctl show --property ActiveState --value omsd)\" = failed ]"
[ "$(property NRestarts)" = "$restarts" ] || false_that "and is not tried again"
echo "all sentences hold"
