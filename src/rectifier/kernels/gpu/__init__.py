"""What the printed Triton kernels are made of: mathematics, loops, and how to launch them.

Layer: kernels. `rectifier.kernels.emit_triton` prints the device functions of the catalog; here is
what does not depend on an activation:

- `basics`: arithmetic, comparison and choice, in any precision.
- `wide`: double arithmetic for float data, right everywhere; `single`: float arithmetic with
  compensation, right where `rectifier.kernels.single` says; `fast`: plain float arithmetic for
  half-precision data.
- `loops`: the kernels, one template each; `launch`: how the host calls them.

All but this file import Triton, so nothing imports them before `rectifier.kernels.triton` has said
that it is there. No activation's formula is written in here.
"""
