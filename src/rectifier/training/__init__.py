"""Training one network on one task, with checkpoints, watched: what ``rectifier train`` does.

Layer: above ``models``, ``data`` and the session; below ``claims`` and ``cli``. Its files compose
so: a `job.Job` is a network with a way to take one step's gradients and a way to score it;
`classify`, `road`, `selfplay`, `boltzmann`, `text` and `imagenet` make jobs, `starts` says which of
them fits a network and at what size; `loop` runs a job under the watcher and `checkpoint` keeps it,
so that it goes on after being killed as if nothing had been. `recipes` are published settings as
data; `image_folder` reads folders of images as ImageNet's are laid out.
"""
