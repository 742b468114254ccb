"""The engine ``native``: kernels of our own, in C++, with the same bits on every machine.

``plan`` says what a genome is made of, ``library`` loads the kernels, ``network`` trains and
scores. In ``kernels/`` 16 images lie side by side in every number of a feature map, so that each
lane of a vector is another image; see ``lanes.h``.
"""
