"""What is in a user's shared network namespace, and whom it belongs to."""

import json
import re
import time

from lab import Failure


def look(machine):
    """({link: master or None}, {address on a link that is no loopback}, addresses in the rules, chains of gates)."""
    def ask(script):
        said = machine.shared(script)
        if said is None:
            raise Failure("there is no shared namespace any more")
        return said

    links = {link["ifname"]: link for link in json.loads(ask("ip -j -d link"))}
    ports = {name: link.get("master") for name, link in links.items() if link.get("linkinfo", {}).get("info_kind") == "veth"}
    addresses = {info["local"] for link in json.loads(ask("ip -j addr")) if link["ifname"] != "lo"
                 for info in link["addr_info"] if info["family"] == "inet"}
    rules = ask("nft list ruleset")
    keys = set(re.findall(r"\b0x([0-9a-f]{1,8}) \[invalid type\] : goto", rules))
    keys |= {".".join(found) for found in re.findall(r"\b(\d+)\.(\d+)\.(\d+)\.(\d+) : goto", rules)}
    owners = re.findall(r"set owners4 \{.*?\}\n", rules, re.S)
    owned = len(re.findall(r"0x[0-9a-f]{9,16} \[", "".join(owners)))
    chains = set(re.findall(r"chain (c\d+) \{", rules))
    return ports, addresses, keys, owned, chains


def check_holds_only(machine, names, seconds=20):
    """The veths, addresses and rules of these containers, which are on one network each, and of nobody else."""
    limit = time.monotonic() + seconds
    while True:
        ports, addresses, keys, owned, chains = look(machine)
        seen = (f"{len(ports)} veths {ports}, gateways {sorted(addresses)}, rules of {sorted(keys)} ({owned} owners), "
                f"chains {sorted(chains)}")
        if len(ports) == len(keys) == owned == len(chains) == len(names):
            return f"{len(ports)} veths, addresses in the rules and chains for {len(names)} containers"
        # The kernel takes some tens of milliseconds to take a namespace down.
        if time.monotonic() > limit:
            raise Failure(f"{len(names)} containers run, and there are {seen}")
        time.sleep(0.5)
