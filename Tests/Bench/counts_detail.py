"""What the counts of one command consist of: system calls and who makes them, faults by place, instructions by function."""

import bisect
import collections
import os
import pathlib
import re
import subprocess

MOST = 40
TRACING = pathlib.Path("/sys/kernel/tracing")


class Symbols:
    """Functions and variables of the executable before it was stripped."""

    def __init__(self, executable):
        self.executable = executable
        listed = output("nm", "--numeric-sort", "--defined-only", executable)
        rows = [line.split(" ", 2) for line in listed.splitlines()]
        self.known = [(int(address, 16), name) for address, _, name in rows]
        self.places = [address for address, _ in self.known]
        # [(start, end, name)] of what is in memory.
        self.sections = []
        for line in output("readelf", "-SW", executable).splitlines():
            found = re.match(r"\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)\s+\S+\s+(\S*A\S*)", line)
            if found and "T" not in found[4]:
                start, size = int(found[2], 16), int(found[3], 16)
                self.sections.append((start, start + size, found[1]))

    def code(self):
        """Where the code begins and ends."""
        start, end, _ = next(section for section in self.sections if section[2] == ".text")
        return start, end

    def at(self, address):
        """The mangled name of what is at the address; its section's where there is none."""
        if not self.section(address):
            return ""
        place = bisect.bisect_right(self.places, address) - 1
        return self.known[place][1] if place >= 0 else self.section(address)

    def section(self, address):
        return next((name for start, end, name in self.sections if start <= address < end), "")

    def readable(self, names):
        """{mangled: as a person writes it}"""
        names = sorted(set(names))
        try:
            done = subprocess.run(["swift-demangle", "--simplified"], input="\n".join(names), capture_output=True, text=True)
            lines = done.stdout.splitlines()
        except FileNotFoundError:
            lines = []
        return dict(zip(names, lines if len(lines) == len(names) else names))


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def call_names():
    """{number: name} of system calls."""
    listed = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"], capture_output=True, text=True, check=True)
    return {int(number): name for name, number in re.findall(r"#define __NR_(\w+) (\d+)", listed.stdout)}


def show(machine, scenario, roles, unstripped):
    """Prints everything about one command."""
    symbols = Symbols(unstripped)
    print(f"##### {scenario.name}: apus {' '.join(scenario.words)}\n")
    calls(machine, scenario, roles, symbols)
    faults(machine, scenario, symbols)
    instructions(machine, scenario, roles, symbols)


def calls(machine, scenario, roles, symbols):
    names, log = call_names(), machine.folder / "callers"
    low, high = symbols.code()
    processes = machine.counted("calls", scenario, "-c", f"{low:x}", f"{high:x}", log)
    role = roles(processes)
    by_call, by_caller, order = {}, {}, {}
    rows = [line.split() for line in log.read_text().splitlines()]
    every = {symbols.at(int(address, 16)) for row in rows for address in row[2:]}
    readable = symbols.readable(every)
    for row in rows:
        process, name = role.get(int(row[0]), "?"), names.get(int(row[1]), row[1])
        chain = [readable[symbols.at(int(address, 16))] for address in row[2:]]
        # What is ours, without the layers that every call goes through.
        own = [word for word in chain if is_ours(word)]
        by_call.setdefault(process, collections.Counter())[name] += 1
        by_caller.setdefault(process, collections.Counter())[name, " < ".join(short(word) for word in (own or chain)[:3])] += 1
        order.setdefault(process, []).append((name, " < ".join(short(word) for word in (own or chain)[:6])))
    for process, counted in by_call.items():
        print(f"=== {process}: {sum(counted.values())} system calls, by name")
        print("  " + ", ".join(f"{name} {count}" for name, count in counted.most_common()) + "\n")
        print(f"=== {process}: system calls by caller (the nearest three functions of apus)")
        for (name, caller), count in by_caller[process].most_common(MOST):
            print(f"  {count:4} {name:18} {caller}")
        print()
        print(f"=== {process}: system calls in their order, with their callers")
        for name, caller in run_lengths(order[process]):
            print(f"  {name:22} {caller}")
        print()


def run_lengths(rows):
    """The rows, where one that comes again and again is one with a number."""
    last, times = None, 0
    for row in [*rows, None]:
        if row == last:
            times += 1
            continue
        if last:
            yield (f"{last[0]} ×{times}" if times > 1 else last[0], last[1])
        last, times = row, 1


def is_ours(name):
    return not re.match(r"(_?swift_|_+|specialized )?(closure #|partial apply|thunk|\w+$)|.*(Linux\.(unless|checked|retry|call)|withUnsafe|withCString)", name)


def short(name):
    """Without arguments and generic noise."""
    name = re.sub(r"^(generic specialization <.*?> of |function signature specialization <.*?> of |merged |specialized |@\w+ )+", "", name)
    name = re.sub(r"\(.*", "", name)
    return name[:70]


def kind_of(symbols, address):
    section = symbols.section(address)
    if section in (".text", ".init", ".fini", ".plt", ".iplt"):
        return "text"
    if section.startswith((".bss", ".tbss")):
        return "bss"
    if section.startswith((".data", ".got", ".init_array", ".fini_array", ".tdata", "swift5_type_metadata_w")):
        return "data"
    if section:
        return "rodata"
    end = max(end for _, end, _ in symbols.sections)
    if address < end + 4096:
        return "bss"
    if address < end + (1 << 30):
        return "heap"
    return "stack" if address >= 0x7FFFFF000000 else "mapped"


def faults(machine, scenario, symbols):
    """Page faults by place, from the kernel's trace points: nothing else is traced meanwhile."""
    if os.getuid() != 0:
        print("page faults by place: root alone can read the kernel's trace points\n")
        return
    if not (TRACING / "instances").exists():
        # The mount namespace is this process's own.
        mounted = subprocess.run(["/bin/mount", "-t", "tracefs", "none", TRACING], capture_output=True)
        if mounted.returncode:
            print("page faults by place: this kernel has no tracefs\n")
            return
    instance = TRACING / "instances" / f"apus-counts-{os.getpid()}"
    instance.mkdir()
    try:
        lines, first = traced(instance, machine, scenario)
    finally:
        instance.rmdir()
    show_faults(*faults_by_process(lines, first, machine.apus), symbols)


def traced(instance, machine, scenario):
    (instance / "buffer_size_kb").write_text("8192")
    (instance / "options" / "event-fork").write_text("1")
    events = [*(instance / "events/exceptions").glob("page_fault_*"),
              *(instance / "events/sched" / name for name in ("sched_process_fork", "sched_process_exec"))]

    def begin():
        (instance / "set_event_pid").write_text(str(os.getpid()))
        for event in events:
            (event / "enable").write_text("1")
        os.setgroups([])
        os.setresgid(*[machine.ids[1]] * 3)
        os.setresuid(*[machine.ids[0]] * 3)

    command = ["/usr/bin/setarch", "--addr-no-randomize", str(machine.apus), *scenario.words]
    process = subprocess.Popen(command, env=machine.environment, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=begin)
    code = process.wait()
    if scenario.after:
        machine.call(*scenario.after)
    for event in events:
        (event / "enable").write_text("0")
    lines = (instance / "trace").read_text().splitlines()
    if code:
        raise SystemExit(f"counts: {scenario.name}: exit {code} while its faults were traced")
    return lines, process.pid


def faults_by_process(lines, first, apus):
    """({pid: name}, {pid: [(address, instruction, is a write)]}) of the client and what it makes, up to their execve."""
    names, found, is_apus, children = {first: "client"}, {}, False, collections.Counter()
    ended = set()
    for line in lines:
        row = re.match(r"\s*.*-(\d+)\s+\[\d+\]\s+\S+\s+[\d.]+: (\w+): (.*)", line)
        if not row:
            continue
        pid, event, rest = int(row[1]), row[2], row[3]
        if event == "sched_process_exec" and pid == first and str(apus) in rest:
            is_apus, found = True, {}
        elif event == "sched_process_exec" and pid != first:
            ended.add(pid)
        elif event == "sched_process_fork" and is_apus:
            child = int(re.search(r"child_pid=(\d+)", rest)[1])
            children[pid] += 1
            names[child] = "supervisor" if pid == first else f"child {children[pid]} of the {names.get(pid, pid)}"
        elif event.startswith("page_fault") and is_apus and pid not in ended and pid in names:
            fields = dict(re.findall(r"(\w+)=(\S+)", rest))
            address, code = int(fields["address"], 16), int(fields["error_code"], 16)
            if address < 1 << 47:
                found.setdefault(pid, []).append((address, int(fields["ip"].split("/")[0], 16) if fields["ip"].startswith("0x") else 0, code & 2 != 0))
    return names, found


def show_faults(names, found, symbols):
    for pid, rows in found.items():
        kinds, places = collections.Counter(), {}
        for address, instruction, is_write in rows:
            kind = kind_of(symbols, address)
            kinds[kind, "written" if is_write else "read"] += 1
            places.setdefault(kind, []).append((address, instruction))
        print(f"=== {names[pid]}: {len(rows)} page faults, by place")
        print("  " + ", ".join(f"{kind} {way} {count}" for (kind, way), count in kinds.most_common()) + "\n")
        every = [symbols.at(place) for rows in places.values() for row in rows for place in row]
        readable = symbols.readable([name for name in every if name])
        for kind in ("bss", "data"):
            print(f"=== {names[pid]}: pages of {kind} that fault, with what was touched there and by whom")
            for address, instruction in sorted(set(places.get(kind, []))):
                by = readable.get(symbols.at(instruction), "") or "the kernel"
                print(f"  {address:#x} {readable.get(symbols.at(address), '')[:70]:70} {by[:70]}")
            print()
        for kind in ("text", "rodata"):
            pages = [f"{address:#x} {readable.get(symbols.at(address), '')[:90]}" for address, _ in sorted(set(places.get(kind, [])))]
            print(f"=== {names[pid]}: where {kind} faults\n  " + "\n  ".join(pages) + "\n")


def instructions(machine, scenario, roles, symbols):
    log = machine.folder / "profile"
    processes = machine.counted("steps", scenario, "-p", log)
    role = roles(processes)
    own, inside = {}, {}
    for line in log.read_text().splitlines():
        process, address, count, *calls = line.split()
        where = inside if calls else own
        row = where.setdefault(role.get(int(process), "?"), collections.Counter())
        name = symbols.at(int(address, 16)) or "elsewhere"
        row[name] += int(count)
        if calls:
            row[name, "calls"] += int(calls[0])
    for process, counted in own.items():
        show_instructions(process, counted, inside.get(process, {}), symbols)


def show_instructions(process, counted, inside, symbols):
    total = sum(counted.values())
    readable = symbols.readable([*counted, *(name for name in inside if isinstance(name, str))])
    modules = collections.Counter()
    for name, count in counted.items():
        modules[module_of(name)] += count
    print(f"=== {process}: {total} instructions, by what they belong to")
    print("  " + ", ".join(f"{name} {count} ({count / total:.0%})" for name, count in modules.most_common(20)) + "\n")
    print(f"=== {process}: instructions by function")
    for name, count in counted.most_common(MOST):
        print(f"  {count:8} {count / total:6.1%}  {readable[name][:150]}")
    print(f"\n=== {process}: instructions by function with what it calls (what is called again from within counts once), and how often it is called")
    rows = [(count, name) for name, count in inside.items() if isinstance(name, str)]
    for count, name in sorted(rows, reverse=True)[: 5 * MOST]:
        print(f"  {count:8} {count / total:6.1%} {inside[name, 'calls']:6} ×  {readable[name][:150]}")
    print()


MODULE = re.compile(r"\$s(\d+)([A-Za-z_]\w*)")


def module_of(name):
    """The Swift module of a mangled name; the standard library's are told by their one letter."""
    found = MODULE.match(name)
    if found:
        return found[2][: int(found[1])]
    if re.match(r"\$s(s|S[a-zA-Z])", name):
        return "Swift (specialised or the library's own)"
    if name.startswith("$s"):
        return "Swift (other)"
    if re.match(r"_*(ZN\w*5swift|swift_)|_ZNK?5swift|_ZNK?\d*swift", name):
        return "Swift runtime"
    if re.match(r"(_*(libc_)?(malloc|free|calloc|realloc|posix_memalign|cfree|unlink_chunk|int_\w+))", name):
        return "malloc"
    return "C"
