#!/bin/bash
# All scenes of one boot, as root of the guest. The exit status is the number of scenes that failed.
failed=0
fallocate -l 256M /swapfile && chmod 600 /swapfile && mkswap /swapfile >/dev/null && swapon /swapfile
scene() {
    echo "== $1"
    shift
    "$@" || failed=$((failed + 1))
}
scene root bash /share/limits.bash root
scene root-systemd bash /share/systemd.bash root
scene session su - alice -c 'bash /share/limits.bash session'
scene service systemd-run --quiet --user --machine=alice@ --pipe --wait --collect bash -l /share/limits.bash service
scene service-systemd systemd-run --quiet --user --machine=alice@ --pipe --wait --collect bash -l /share/systemd.bash service
rm -r /etc/systemd/system/user@.service.d
systemctl daemon-reload
systemctl restart user@1000.service
scene default su - alice -c 'bash /share/default.bash'
exit $failed
