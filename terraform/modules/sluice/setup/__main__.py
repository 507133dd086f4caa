"""What Terraform can't do by itself, and what to check before it runs: `python3 setup COMMAND`.

Any Python from 3.9 on runs it, with only the standard library, on Linux, macOS and Windows. Other programs are started
with lists of arguments, never through a shell. Secrets come from the environment or a file, and never reach a command
line, a file or a message.

SLUICE_PATIENCE is how many seconds a command waits for something before it gives up.
"""

import sys

from oldest import OLDEST


def main() -> int:
    if sys.version_info < OLDEST:
        sys.stderr.write(
            f"This is Python {sys.version_info[0]}.{sys.version_info[1]}. Python 3.9 or newer is required.\n"
        )
        return 1
    # After the check: an older Python can't read them.
    import adopting  # noqa: PLC0415
    import deploying  # noqa: PLC0415
    import preflight  # noqa: PLC0415
    import registering  # noqa: PLC0415
    import summary  # noqa: PLC0415
    import vault  # noqa: PLC0415
    from speaking import Failed, say  # noqa: PLC0415

    for_people = {"adopt": adopting.main, "preflight": preflight.main}
    commands = {
        "check-token": registering.check_token,
        "deploy": deploying.deploy,
        "deregister": registering.deregister,
        "register": registering.register,
        "summary": summary.summary,
        "wait-for-vault": vault.wait_for_vault,
    }
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]  # as Terraform reads it
    name, arguments = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    try:
        if name in for_people:
            return for_people[name](arguments)
        if name not in commands or arguments:
            usages = f"Usage: {preflight.USAGE}\n       {adopting.USAGE}"
            say(f"{usages}\nTerraform runs the other commands: {', '.join(sorted(commands))}.")
            return 2
        commands[name]()
    except Failed as failure:
        say(str(failure))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
