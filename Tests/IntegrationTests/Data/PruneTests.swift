import Glibc
import Linux
import TestSupport
import Testing

/// What is removed when nobody uses it, how much that was, and that others are not disturbed.
@Suite struct PruneTests {
    /// The content that the disk has of images, layers, containers and volumes: each file once, without holes.
    private func content(_ sandbox: Sandbox) throws -> Int {
        let text = try sandbox.tool(
            "bash", "-c",
            """
            cd '\(sandbox.store)'; find images/blobs layers*/sha256-* containers/*/upper volumes/*/_data \\( -type f -o -type l \\) \
            -printf '%D:%i %y %s %b\\n' 2>/dev/null | sort -u |
            awk '{ size = $3; if ($2 == "f" && $4 * 512 < size) size = $4 * 512; sum += size } END { print sum + 0 }'
            """
        ).text
        return try #require(Int(text.split(separator: "\n").first ?? ""))
    }

    /// What the last event of a prune of `type` says that came back.
    private func reclaimed(_ sandbox: Sandbox, _ type: String) throws -> Int {
        let events = try sandbox.apus(
            "events", "--since", "10m", "--until", "0s", "--filter", "type=\(type)", "--filter", "event=prune",
            "--format",
            "{{.Actor.Attributes.reclaimed}}")
        return try #require(Int(events.lines.last ?? ""), "\(events)")
    }

    @Test(arguments: TestUser.inThreeModes)
    func whatIsPrintedIsWhatTheDiskGotBack(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output(
                "run", "--name", "one", "--network", "none", "-v", "/data", "busybox", "sh", "-c",
                """
                dd if=/dev/zero of=/a bs=1000 count=700 2>/dev/null; ln /a /b; ln -s a /c; mkdir /d; ln /a /d/e; echo x >/d/x
                dd if=/dev/zero of=/hole bs=1 count=1 seek=9999999 2>/dev/null; head -c 300001 /dev/zero >/data/f
                """)
            // Two images with one layer in common, and each with one of its own.
            for number in 1...2 {
                try sandbox.output("commit", "one", "made")
                try sandbox.output("start", "one")
                try sandbox.output("wait", "one")
                try sandbox.output("cp", "\(sandbox.path)/work/.", "one:/more\(number)")
            }
            try sandbox.output("commit", "one", "made")
            for (words, type) in [
                (["container", "prune", "-f"], "container"), (["volume", "prune", "-f"], "volume"),
                (["image", "prune", "-f"], "image"), (["image", "prune", "-af"], "image"),
            ] {
                let before = try content(sandbox)
                let result = try sandbox.apus(words)
                let after = try content(sandbox)
                #expect(result.code == 0 && before > after, "\(words): \(result)")
                #expect(try reclaimed(sandbox, type) == before - after, "\(words): \(result)")
                #expect(result.lines.last?.hasPrefix("Total reclaimed space: ") == true)
            }
            #expect(try content(sandbox) == 0)
            #expect(try sandbox.output("system", "prune", "-af", "--volumes") == "Total reclaimed space: 0B")
        }
    }

    @Test func questionsAndFiltersAreDockers() throws {
        try withBusybox(.any) { sandbox throws in
            try sandbox.output("run", "--name", "one", "--network", "none", "busybox", "touch", "/f")
            try sandbox.output("commit", "-c", "LABEL keep=1", "one", "kept")
            try sandbox.output("commit", "one", "other")
            let asked = try sandbox.apus("image", "prune", input: Array("n\n".utf8))
            #expect(asked.code == 0, "\(asked)")
            #expect(
                asked.text
                    == "WARNING! This will remove all dangling images.\nAre you sure you want to continue? [y/N] ")
            let all = try sandbox.apus("system", "prune", "--filter", "label=x", input: Array("n\n".utf8))
            #expect(
                all.code == 0 && all.text.contains("\n\n  Items to be pruned will be filtered with:\n  - label=x\n\n"))
            for (words, message) in [
                (["image", "prune", "-f", "--filter", "dangling=false"], "invalid filter 'dangling=[true false]'"),
                (["image", "prune", "-f", "--filter", "nope=1"], "invalid filter 'nope'"),
                (
                    ["container", "prune", "-f", "--filter", "until=1h", "--filter", "until=2h"],
                    "more than one until filter"
                ),
                (["volume", "prune", "-af", "--filter", "all=1"], "cannot specify both --all and --filter all=1"),
                (
                    ["volume", "prune", "-f", "--filter", "all=x"],
                    "invalid filter 'all': strconv.ParseBool: parsing \"x\""
                ),
                (
                    ["system", "prune", "-f", "--volumes", "--filter", "until=1h"],
                    "The \"until\" filter is not supported with \"--volumes\""
                ),
            ] {
                let result = try sandbox.apus(words)
                #expect(result.code == 1 && result.errorText.contains(message), "\(words): \(result)")
            }
            #expect(try sandbox.output("image", "prune", "-f") == "Total reclaimed space: 0B")
            #expect(try sandbox.output("image", "prune", "-af", "--filter", "until=1h") == "Total reclaimed space: 0B")
            // The container's own image stays, and what has the label.
            let pruned = try sandbox.apus("image", "prune", "-af", "--filter", "label!=keep")
            #expect(pruned.lines.first == "Deleted Images:" && pruned.text.contains("untagged: other:latest\n"))
            #expect(
                try sandbox.apus("images", "--format", "{{.Repository}}").lines.sorted() == ["busybox", "kept"])
            try sandbox.output("image", "prune", "-af", "--filter", "label=keep")
            #expect(try sandbox.apus("images", "--format", "{{.Repository}}").lines == ["busybox"])
        }
    }

    /// Whoever makes and uses things while others prune loses nothing, and a prune has no complaints.
    @Test(arguments: TestUser.inThreeModes)
    func othersAreNotDisturbed(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.write("text", to: "file")
            try sandbox.output(
                "run", "-d", "--name", "keep", "--network", "none", "-v", "vol:/v", "busybox", "sleep", "1000")
            let script = """
                a='\(Executable.path)'
                work() { set -e; for i in 1 2 3; do
                "$a" run --rm --network none -v /anon busybox sh -c 'echo x >/anon/f; echo x >/f; cat /f' >/dev/null
                "$a" cp file keep:/f$1$i; "$a" cp keep:/f$1$i copy$1$i; cmp file copy$1$i
                "$a" commit keep made:$1-$i >/dev/null; "$a" run --rm --network none made:$1-$i cat /f$1$i >/dev/null
                "$a" run --rm --network none -v vol:/v busybox sh -c "echo $i >/v/$1-$i"
                "$a" create --name c$1$i -v new$1$i:/v busybox true >/dev/null || exit 7; "$a" rm c$1$i >/dev/null 2>&1 || :
                done; }
                prune() { while [ ! -e done ]; do "$a" system prune -f --volumes >/dev/null; "$a" image prune -f >/dev/null
                "$a" container prune -f >/dev/null; "$a" network prune -f >/dev/null; done; }
                prune & p=$!; prune & q=$!; (work 1) & u=$!; (work 2) & v=$!; wait $u; x=$?; wait $v; y=$?; touch done; wait $p $q
                echo $x $y
                """
            let result = try sandbox.tool("bash", "-c", script)
            #expect(result.text == "0 0\n" && result.errorText.isEmpty, "\(result)")
            #expect(try sandbox.output("exec", "keep", "sh", "-c", "ls /v | wc -l; ls -d /f?? | wc -l") == "6\n6")
            try sandbox.eventuallyInOrder()
            try sandbox.output("rm", "-f", "keep")
        }
    }
}
