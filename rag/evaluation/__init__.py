"""How good the answers are: a file of questions with gold spans in, figures per language out.

questions → run → results → report and bars. Quality is compared by document and span, never by
the text of a passage.
"""
