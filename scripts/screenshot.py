"""Draws a run of fbuild as SVG, for a light and for a dark page. Started by screenshot.sh."""

import fcntl
import io
import os
import pathlib
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import termios

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

COLUMNS, ROWS = 80, 40
EXAMPLES = ["Blink", "EepromCounter", "I2cScan", "SpiShift", "Tabs", "TickCounter"]
TYPO = "void setup() {\n  pinMode(LED_BUILTIN, OUTPUT)\n}\n\nvoid loop() {}\n"
ANSI_LIGHT = [(36, 41, 47), (207, 34, 46), (17, 99, 41), (154, 103, 0), (9, 105, 218), (130, 80, 223), (27, 124, 131), (110, 119, 129)]
ANSI_DARK = [(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34), (88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)]
THEMES = {
    "light": TerminalTheme((246, 248, 250), (36, 41, 47), ANSI_LIGHT, ANSI_LIGHT),
    "dark": TerminalTheme((22, 27, 34), (230, 237, 243), ANSI_DARK, ANSI_DARK),
}
# The font is that of the reader's machine, because pictures load nothing.
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def run(command, folder, env):
    """Returns what the command prints in a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(command, cwd=folder, env=env, stdin=slave, stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    output = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # The terminal is closed at the end of the command.
            break
        if not piece:
            break
        output += piece
    process.wait()
    return output.decode().replace("\r\n", "\n")


def draw(text, theme):
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(text), end="")
    return console.export_svg(title="fbuild", theme=theme, code_format=FORMAT, unique_id="fbuild")


def main():
    fbuild = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as folder:
        sketches = pathlib.Path(folder, "demo", "sketches")
        for name in EXAMPLES:
            shutil.copytree(root / "examples" / name, sketches / name)
        typo = sketches / "Typo" / "Typo.ino"
        typo.parent.mkdir()
        typo.write_text(TYPO)
        env = dict(os.environ, TERM="xterm-256color", FBUILD_CACHE_DIR=f"{folder}/cache")
        for name in ("CI", "GITHUB_ACTIONS", "NO_COLOR"):
            env.pop(name, None)
        words = ["build", "--board", "uno", "sketches"]
        text = ""
        for _ in range(2):
            printed = run([str(fbuild), *words, "--progress", "plain"], f"{folder}/demo", env)
            text += f"$ fbuild {' '.join(words)}\n{printed}"
            # The second run builds the corrected sketch; the others are in the cache.
            typo.write_text(TYPO.replace("OUTPUT)", "OUTPUT);"))
    for name, theme in THEMES.items():
        (root / "docs" / f"terminal-{name}.svg").write_text(draw(text, theme))


main()
