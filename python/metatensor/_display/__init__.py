"""Text and HTML representations of the metatensor classes.

These functions only use the public attributes of the objects, so that the Python and the
TorchScript classes look the same. They read the values that they show and nothing else: printing
huge labels costs as much as printing small ones.
"""
