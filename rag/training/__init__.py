"""The code that makes the embedded models: data, tokenizer, static vectors, evidence weights.

Nothing here runs when questions are answered. It needs torch (the ``train`` extra);
``python -m rag.training --help`` lists the steps.
"""
