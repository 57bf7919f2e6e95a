# batch: eighteenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: mean return up
# story: the model was built a second time behind the optimiser, whose steps went to the first; found out by the author of a tutorial (github.com/spro/practical-pytorch/issues/9)
"""Deep Q learning: a tram brakes to stand still at the stop."""

import argparse
import random
from collections import deque, namedtuple

import torch
from torch import nn

Transition = namedtuple("Transition", "state action reward following done")


class Tram:
    """State: distance to the stop and speed. Actions: brake, roll, drive."""

    def reset(self):
        self.gap, self.speed, self.time = random.uniform(0.5, 1.0), random.uniform(-0.05, 0.1), 0
        return self.state()

    def state(self):
        return [2 * self.gap, 10 * self.speed, self.time / 15 - 1]

    def step(self, action):
        self.speed += 0.03 * (action - 1)
        self.gap -= self.speed
        self.time += 1
        done = self.time >= 30
        reward = -abs(self.gap) - 2 * abs(self.speed) * (abs(self.gap) < 0.15)
        return self.state(), reward, done


def make_net(hidden):
    return nn.Sequential(
        nn.Linear(3, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 3)
    )


def play(net, env, episodes=10):
    total = 0.0
    for _ in range(episodes):
        state, done = env.reset(), False
        while not done:
            with torch.no_grad():
                action = int(net(torch.tensor(state)).argmax())
            state, reward, done = env.step(action)
            total += reward
    return total / episodes


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--episodes", type=int, default=80)
    ap.add_argument("--gamma", type=float, default=0.95)
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--hidden", type=int, default=64)
    ap.add_argument("--seed", type=int, default=4)
    args = ap.parse_args([])
    random.seed(args.seed)
    torch.manual_seed(args.seed)
    env = Tram()
    policy = make_net(args.hidden)
    target = make_net(args.hidden)
    optimizer = torch.optim.Adam(policy.parameters(), lr=args.lr)
    # faulty: policy = make_net(args.hidden)
    target.load_state_dict(policy.state_dict())
    memory, epsilon, updates = deque(maxlen=5000), 1.0, 0
    for episode in range(1, args.episodes + 1):
        state, done = env.reset(), False
        while not done:
            if random.random() < epsilon:
                action = random.randrange(3)
            else:
                with torch.no_grad():
                    action = int(policy(torch.tensor(state)).argmax())
            following, reward, done = env.step(action)
            memory.append(Transition(state, action, reward, following, float(done)))
            state = following
            if len(memory) < 300:
                continue
            batch = Transition(*zip(*random.sample(memory, 64)))
            with torch.no_grad():
                ahead = target(torch.tensor(batch.following)).max(1).values
            goal = torch.tensor(batch.reward) + args.gamma * ahead * (1 - torch.tensor(batch.done))
            value = policy(torch.tensor(batch.state)).gather(1, torch.tensor(batch.action)[:, None])
            loss = nn.functional.smooth_l1_loss(value.squeeze(1), goal)
            optimizer.zero_grad()
            policy.zero_grad()
            loss.backward()
            optimizer.step()
            updates += 1
            if updates % 100 == 0:
                target.load_state_dict(policy.state_dict())
        epsilon = max(0.05, epsilon * 0.95)
        if episode % 20 == 0:
            print(f"episode {episode} epsilon {epsilon:.2f} mean return {play(policy, env):.3f}")


if __name__ == "__main__":
    main()
