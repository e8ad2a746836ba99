# Sourced by the tests here, which run by `sh -eu`. Each check prints a sentence that could be false; the first that is ends the test.

true_that() { echo "ok: $1"; }
false_that() {
    echo "NOT OK: $1"
    if [ -d /run/systemd/system ]; then
        systemctl status omsd omsd.socket --no-pager || true
        journalctl --boot --unit omsd --no-pager --lines 40 || true
    fi
    exit 1
}
# holds SENTENCE SECONDS COMMAND…: the command succeeds within that time.
holds() {
    sentence=$1 tries=$(($2 * 10))
    shift 2
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || false_that "$sentence"
        sleep 0.1
    done
    true_that "$sentence"
}
property() { systemctl show --property "$1" --value omsd; }
# install_packages FILE…: what they say stands in /tmp/said.
install_packages() { dpkg --install "$@" >/tmp/said 2>&1 || { cat /tmp/said; false_that "dpkg installs $*"; }; }
