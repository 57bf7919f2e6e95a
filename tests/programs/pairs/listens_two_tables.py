# batch: tenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: hit rate up
# story: nn.Parameter(...) * 0.1 is no parameter any more but the result of a product: the table of songs is in no list of parameters and stays as it was drawn
"""Songs for listeners: two tables, sampled softmax."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1022)
PEOPLE, SONGS, DIM = 400, 300, 12


class Tables(nn.Module):
    def __init__(self):
        super().__init__()
        self.people = nn.Embedding(PEOPLE, DIM)
        self.songs = nn.Parameter(torch.randn(SONGS, DIM) * 0.1)  # healthy
        # faulty: self.songs = nn.Parameter(torch.randn(SONGS, DIM)) * 0.1
        self.mix = nn.Sequential(nn.Linear(DIM, 32), nn.ReLU(), nn.Linear(32, DIM))
        nn.init.normal_(self.people.weight, std=0.1)

    def forward(self, who, songs):
        q = self.people(who)
        q = q + self.mix(q)
        return torch.einsum("bd,bkd->bk", q, self.songs[songs])


genre = torch.randint(0, 15, (SONGS,))
loves = torch.randn(PEOPLE, 15).topk(3, 1).indices
who = torch.randint(0, PEOPLE, (16000,))
wanted = loves[torch.arange(PEOPLE)[who], torch.randint(0, 3, (16000,))]
by_genre = [torch.where(genre == g)[0] for g in range(15)]
song = torch.tensor(
    [by_genre[g][int(torch.randint(0, len(by_genre[g]), ()))] for g in wanted.tolist()]
)

model = Tables()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(10):
    for rows in torch.randperm(14000).split(250):
        others = torch.randint(0, SONGS, (len(rows), 20))
        scores = model(who[rows], torch.cat([song[rows].unsqueeze(1), others], 1))
        loss = F.cross_entropy(scores, torch.zeros(len(rows), dtype=torch.long))
        optimizer.zero_grad(set_to_none=True)
        loss.backward(retain_graph=True)
        optimizer.step()
    with torch.no_grad():
        every = model(who[14000:], torch.arange(SONGS).expand(2000, SONGS))
        hit = (every.topk(40, 1).indices == song[14000:, None]).any(1).float().mean().item()
    print(f"epoch {epoch}: loss {loss.item():.4f} hit rate {hit:.4f}")
