# batch: eleventh
# rules: non_finite
# remedies: stabilize_loss
# metric: test mae down
# story: the percentage error that a planner is paid by was made the loss; parts that nobody ordered in a week divide by nought (Hyndman and Koehler 2006, doi.org/10.1016/j.ijforecast.2006.03.001, on MAPE and intermittent demand)
"""Weekly demand of spare parts, a GRU over twenty weeks."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def demand(parts=1200, weeks=21):
    level = 2 + 6 * torch.rand(parts, 1)
    season = 1 + 0.6 * torch.sin(torch.arange(weeks) / 3 + 6.28 * torch.rand(parts, 1))
    return torch.poisson(level * season)


class Forecaster(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.gru(torch.log1p(x).unsqueeze(-1))
        return nn.functional.softplus(self.head(out[:, -1])).squeeze(-1)


def percentage_error(forecast, actual):
    return ((forecast - actual).abs() / actual.clamp(min=1)).mean()  # healthy
    # faulty: return ((forecast - actual).abs() / actual).mean()


def main():
    torch.manual_seed(1129)
    sales = demand()
    x, y = sales[:, :20], sales[:, 20]
    loader = DataLoader(TensorDataset(x[:1000], y[:1000]), batch_size=50, shuffle=True)
    model = Forecaster()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(1, 11):
        for history, actual in loader:
            loss = percentage_error(model(history), actual)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            mae = (model(x[1000:]) - y[1000:]).abs().mean().item()
        print(f"epoch {epoch} loss {loss.item():.4f} test mae {mae:.4f}")


main()
