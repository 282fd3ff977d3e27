"""The child: a paper as JSON on standard input, the PDF on standard output, nothing else anywhere."""

import sys
from importlib.resources import files

import typst


def main() -> None:
    """
    Set the paper as PDF/UA-1, which promises that it can be read aloud.

    Where a source's odd text breaks that promise (a heading of signs that no font has), the file is tagged all the
    same and does not promise it.
    """
    inputs = {"paper": sys.stdin.buffer.read().decode()}
    source = files("web.typesetting").joinpath("paper.typ").read_bytes()
    try:
        pdf = typst.compile(source, format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"])
    except typst.TypstError:
        pdf = typst.compile(source, format="pdf", sys_inputs=inputs)
    assert isinstance(pdf, bytes)  # noqa: S101 -- one document, one file
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
