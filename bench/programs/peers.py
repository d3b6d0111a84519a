"""What Python's own modules do, for the driver (src/program.rs says how it asks)."""
import platform
import sys


def main():
    for line in sys.stdin:
        what, count = line.split()
        if what == "version":
            print(platform.python_version(), flush=True)
        else:
            print("-", flush=True)


main()
