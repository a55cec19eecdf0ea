#!/usr/bin/env bash
# The build of the night: one at a time, with a deadline at 7 am, one second try of what failed, and a word to somebody who looks.
set -uo pipefail
cd "${SHOP:-/srv/shop}"
[ ! -f secrets.env ] || . ./secrets.env

exec 9> build.lock
flock --nonblock 9 || { echo "another build is at work" >&2; exit 2; }

deadline=$(date -d "${DEADLINE:-07:00}" +%s)
now=$(date +%s)
# Started in the evening, it has until the morning.
[ "$deadline" -gt "$now" ] || deadline=$((deadline + 86400))
left=$((deadline - now))

# The same as Ctrl-C at the deadline: what runs is cancelled on the server, every table stays as it was or is new.
timeout --signal=INT "$left" redstart build --target "${TARGET:-prod}" --audit --log-format json >> build.log 2>&1
code=$?
if [ "$code" -eq 1 ]; then
    left=$((deadline - $(date +%s)))
    [ "$left" -le 0 ] || { timeout --signal=INT "$left" redstart retry --log-format json >> build.log 2>&1; code=$?; }
fi
[ "$code" -eq 0 ] || ${TELL:-echo} "the build of $(date +%F) ended with $code: see $PWD/build.log" >&2
exit "$code"
