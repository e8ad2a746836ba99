# Runs in a bare Debian where systemd is not running, as root, by `sh -eu`: scripts/test-deb.
. /srv/omsd/sentences.sh

export DEBIAN_FRONTEND=noninteractive
cd /srv/omsd
check() {
    sentence=$1
    shift
    "$@" >/dev/null 2>&1 || false_that "$sentence"
    true_that "$sentence"
}

install_packages omsd.deb omsim.deb
true_that "the packages install where nothing but Debian is"
check "the installation says what to do next" grep -q 'check-config --config /etc/omsd/omsd.json5' /tmp/said
check "the programs start" sh -c 'omsd --version && omsctl --version && omsim --version'
check "the version is the package's" sh -c '[ "omsd $(dpkg-query --show --showformat="\${Version}" omsd)," = "$(omsd --version | cut -d" " -f1,2 | sed "s/,*\$/,/")" ]'
check "there are a user and its groups" sh -c 'getent passwd omsd && getent group omsd-clients && getent group omsd-audit'
[ "$(stat --format %U:%G:%a /var/lib/omsd)" = omsd:omsd-audit:2750 ] || false_that "the journal's folder is for omsd and its auditors"
true_that "the journal's folder is for omsd and its auditors"
[ "$(stat --format %U:%G:%a /etc/omsd/credentials)" = root:root:700 ] || false_that "the keys' folder is for root alone"
true_that "the keys' folder is for root alone"
check "the unit is enabled" test -L /etc/systemd/system/multi-user.target.wants/omsd.service
check "the socket is not: it would start what somebody stopped" test ! -e /etc/systemd/system/sockets.target.wants/omsd.socket
check "an example of every key is there" test -e /usr/share/doc/omsd/examples/omsd.example.json5
check "rules and board are there" test -e /usr/share/omsd/monitoring/omsd.rules.yml -a -e /usr/share/omsd/monitoring/omsd.grafana.json
check "bash finds the completion" grep -q 'complete -F _omsctl omsctl' /usr/share/bash-completion/completions/omsctl
groupadd trading
useradd --no-create-home ops
omsd check-config --config /usr/share/doc/omsd/examples/omsd.example.json5 >/tmp/said 2>&1 && false_that "the example lacks nothing but its key"
check "the example lacks nothing but its key" sh -c 'grep -q mm-az.json /tmp/said && [ "$(wc -l </tmp/said)" = 1 ]'

cp /usr/share/doc/omsd/examples/omsd.example.json5 /etc/omsd/omsd.json5
echo record >/var/lib/omsd/journal.db
install_packages omsd-later.deb
true_that "an upgrade installs"
if grep -q 'no configuration yet' /tmp/said; then false_that "an upgrade does not ask for a configuration that is there"; fi
true_that "an upgrade does not ask for a configuration that is there"

dpkg --remove omsd >/dev/null 2>&1
check "a removal keeps configuration and journal" test -e /etc/omsd/omsd.json5 -a -e /var/lib/omsd/journal.db
check "a removal takes the programs" test ! -e /usr/bin/omsd
dpkg --purge omsd >/tmp/said 2>&1
check "a purge takes the configuration and keys" test ! -e /etc/omsd
check "a purge keeps the journal" grep -q record /var/lib/omsd/journal.db
check "and says where it lies" grep -q /var/lib/omsd /tmp/said
