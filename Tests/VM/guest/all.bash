#!/bin/bash
# Scenes of one boot, as root of the guest: all.bash SCENE…, in this order. Each begins with a line `== SCENE` and ends with
# `-- SCENE passed` or `-- SCENE failed`; the exit status is the number of those that failed.
failed=0
fallocate -l 256M /swapfile && chmod 600 /swapfile && mkswap /swapfile >/dev/null && swapon /swapfile
as_service() { systemd-run --quiet --user --machine=alice@ --pipe --wait --collect bash -l "$@"; }
# Who may send echo requests is the machine's to say (icmp(7)): Debian's kernel lets nobody.
let_ping() { echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range; }
scene() {
    case $1 in
        root) bash /share/limits.bash root ;;
        root-systemd) bash /share/systemd.bash root ;;
        session) su - alice -c 'bash /share/limits.bash session' ;;
        service) as_service /share/limits.bash service ;;
        service-systemd) as_service /share/systemd.bash service ;;
        network) let_ping && su - alice -c 'bash /share/network.bash network' ;;
        network-root) let_ping && bash /share/network.bash network-root ;;
        default)
            # From here on with what Debian delegates by itself.
            rm -r /etc/systemd/system/user@.service.d
            systemctl daemon-reload
            systemctl restart user@1000.service
            su - alice -c 'bash /share/default.bash'
            ;;
        *) false ;;
    esac
}
for name in "$@"; do
    echo "== $name"
    if scene "$name"; then
        echo "-- $name passed"
    else
        echo "-- $name failed"
        failed=$((failed + 1))
    fi
done
exit $failed
