"""No function that another instruction-set level could be linked to: every symbol that an object file of one level
defines for others must lie in that level's namespace.

An inline function compiled with AVX instructions and linked into the code for plain machines stops those machines with
an illegal instruction. It shows without optimisation only, so the preset "debug" runs this test too.
"""

import subprocess
import sys

nm, target, *objects = sys.argv[1:]
own_namespace = f"7rnncore{len(target)}{target}"
failures = []
for path in objects:
    listing = subprocess.run([nm, "--defined-only", "--extern-only", path], check=True, capture_output=True, text=True)
    lines = listing.stdout.split("\n")
    symbols = [line.split()[-1] for line in lines if line.strip()]
    assert symbols, f"{path} defines nothing"
    failures += [
        f"{path}: {symbol}"
        for symbol in symbols
        if own_namespace not in symbol and symbol != "DW.ref.__gxx_personality_v0"
    ]
if failures:
    sys.exit("symbols outside namespace rnncore::" + target + ":\n" + "\n".join(failures))
