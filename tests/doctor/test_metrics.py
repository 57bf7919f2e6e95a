"""Numbers printed with a name, in the many ways in which scripts print them."""

from __future__ import annotations

import math

import pytest

from rectifier.doctor import metrics


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("epoch  3  loss 0.1250  accuracy 0.9300", {"loss": 0.125, "accuracy": 0.93}),
        (
            "Epoch 3/10 | train loss: 1.5e-3 | val acc: 91.5%",
            {"train loss": 1.5e-3, "val acc": 0.915},
        ),
        ("loss=0.5, acc=.75", {"loss": 0.5, "acc": 0.75}),
        (
            "Test set: Average loss: 0.0562, Accuracy: 9812/10000 (98%)",
            {"average loss": 0.0562, "accuracy": 0.9812},
        ),
        ('{"step": 10, "eval_loss": -1.25, "reward": 3}', {"eval_loss": -1.25, "reward": 3.0}),
        ("[10/50] Loss_D: 1.3 Loss_G: 0.7", {"loss_d": 1.3, "loss_g": 0.7}),
        ("Final test accuracy = 0.93", {"final test accuracy": 0.93}),
        ("finished in 12.5 s at step 100, lr 0.1, time: 3ms", {}),
        ("success rate 0.8 at learning rate 0.1", {"success rate": 0.8}),
        ("loss tensor(0.5000)", {"loss": 0.5}),
        ("epoch,3,loss,0.25,val_nll,1.5", {"loss": 0.25, "val_nll": 1.5}),
        ("step 40 recall at 1 0.85", {"recall at 1": 0.85}),
        ("hits at 10: 0.5", {"hits at 10": 0.5}),
        ("\x1b[32mloss\x1b[0m 2", {"loss": 2.0}),
        ("INFO step 100 loss 0.5000 recall at 1 0.0167", {"loss": 0.5, "recall at 1": 0.0167}),
        ("hits at 10: 0.75, mrr 0.5", {"hits at 10": 0.75, "mrr": 0.5}),
        ("saved at 10", {}),
        ("epoch,7,loss,0.2190,nll,-0.3173", {"loss": 0.219, "nll": -0.3173}),
        ("| epoch | 3 | loss | 0.5 | val acc | 75% |", {"loss": 0.5, "val acc": 0.75}),
        (
            "{'eval_loss': '0.7', 'eval_accuracy': '0.6', 'eval_runtime': '0.09', 'epoch': '1'}",
            {"eval_loss": 0.7, "eval_accuracy": 0.6},
        ),
        (
            "{'eval_samples_per_second': 3292, 'learning_rate': 0.1, 'grad_norm': 2}",
            {"grad_norm": 2},
        ),
        (
            "`Trainer.fit` stopped: `max_epochs=5` reached. Total FLOPs 0, val_acc 0.9",
            {"val_acc": 0.9},
        ),
        (
            "/lib/site-packages/tool/_pytree.py:21: a warning; success_rate=0.5",
            {"success_rate": 0.5},
        ),
        (
            "/lib/torch/dropout.py:176: UserWarning: Received a 2-D input (i.e. 3D or 4D), loss 3\n"
            "loss 0.4",
            {"loss": 0.4},
        ),
        ("|    ep_rew_mean     | 21.9      |", {"ep_rew_mean": 21.9}),
        (
            "| train/ | |\n|    total_timesteps | 1024 |\n| value_loss | 45.3 |",
            {"value_loss": 45.3},
        ),
        ("global_step=300, episodic_return=[22.]", {"episodic_return": 22.0}),
        ("loss tensor([0.25]), acc array([ 0.5], dtype=float32)", {"loss": 0.25, "acc": 0.5}),
        ("loss: 2.301  [   64/60000], weights [1, 2]", {"loss": 2.301}),
        (
            "Accuracy of the network on the 10000 test images: 97.0 %",
            {"accuracy of network on test images": 0.97},
        ),
        ("Final accuracy on the test set is 91/100", {"final accuracy on test set": 0.91}),
        ("Average accuracy over 10 folds: 0.93", {"average accuracy over folds": 0.93}),
        (
            "loss 2, mean reward over the last 100 episodes = -3, time for the last epoch: 3 s",
            {"loss": 2.0, "mean reward over last episodes": -3.0},
        ),
        (
            "Net(\n  (1): Linear(in_features=32, out_features=1)\n  (2): TopK(top=3)\n)\nloss 1",
            {"loss": 1.0},
        ),
        ("Accuracy of plane : 57 %", {"accuracy of plane": 0.57}),
        ("", {}),
    ],
)
def test_reads(line: str, expected: dict[str, float]) -> None:
    assert {name: values[-1] for name, values in metrics.parse(line).items()} == expected


@pytest.mark.parametrize(
    "output",
    [
        "epoch,train loss,val_acc\n1,0.9,0.4\n2,0.8,0.5\n",
        "epoch\ttrain loss\tval_acc\n1\t0.9\t40%\n2\t0.8\t50 %\n",
        "Epoch  Train loss  Val_acc\n----------\n  1      0.9        0.4\n  2      0.8        0.5",
        "progress of it all\nstep train_loss val_acc\n1 0.9 0.4\n2 0.8 0.5",
        "| epoch | train loss | val_acc |\n|---|---|---|\n| 1 | 0.9 | 2/5 |\n| 2 | 0.8 | 1/2 |",
    ],
)
def test_numbers_below_a_line_of_names(output: str) -> None:
    found = {name.replace("_", " "): values for name, values in metrics.parse(output).items()}
    assert found == {"train loss": (0.9, 0.8), "val acc": (0.4, 0.5)}


def test_settings_shown_once_are_no_metrics() -> None:
    shown = "{'top_k': -1, 'target_kl': 0.03}\nNamespace(hits=3, lr=0.1)\nGPTConfig(top=5)\n"
    assert metrics.parse(shown + "loss 3\nloss 2\ntest loss 4") == {
        "loss": (3.0, 2.0),
        "test loss": (4.0,),
    }
    logged = "{'loss': 3, 'kl': 1}\n{'loss': 2, 'kl': 1}\n{'eval_loss': 4}"
    assert list(metrics.parse(logged)) == ["loss", "kl", "eval_loss"]
    assert metrics.parse("{'loss': 3, 'accuracy': 0.5}") == {"loss": (3.0,), "accuracy": (0.5,)}


def test_prose_is_no_heading() -> None:
    assert metrics.parse("loading, training, testing\n1 2 3\ndone thank you\n3, 4, 5\n") == {}


def test_keeps_the_order_and_what_a_progress_bar_overwrote() -> None:
    assert metrics.parse("loss 3\rloss 2\rloss 1\nloss nan")["loss"][:3] == (3, 2, 1)
    assert math.isnan(metrics.parse("loss nan")["loss"][0])


def test_what_is_no_number_is_no_part_of_a_name() -> None:
    found = metrics.parse("epoch 8 loss nan iou 0.25 offset inf")
    assert list(found) == ["loss", "iou", "offset"]
    assert math.isnan(found["loss"][0])
    assert (found["iou"], found["offset"]) == ((0.25,), (math.inf,))


def test_long_output_is_read_in_reasonable_time() -> None:
    assert len(metrics.parse("a" * 200_000 + "\n" + "loss 0.5\n" * 20_000)["loss"]) == 20_000
    assert metrics.parse("loss of a " * 40 + "\n" + "of on at " * 5_000) == {}


@pytest.mark.parametrize(
    ("name", "sign"),
    [("val acc", 1), ("loss", -1), ("g_loss", -1), ("beta", 0), ("elbo", 0), ("win rate", 1)],
)
def test_direction(name: str, sign: int) -> None:
    assert metrics.direction(name) == sign


def test_principal_prefers_held_out_accuracy() -> None:
    printed = {"loss": (1.0,), "train acc": (0.9,), "test acc": (0.8,)}
    assert metrics.principal(printed) == "test acc"
    assert metrics.principal({"beta": (1.0,)}) is None
    for own in (
        "loss_d",
        "loss g",
        "errD",
        "d loss",
        "gen_loss",
    ):  # as one's loss is the other's gain
        assert metrics.principal({own.lower(): (1.0,), "moment gap": (0.1,)}) == "moment gap"


def test_gain_is_signed_and_knows_the_non_finite() -> None:
    assert metrics.gain("loss", (2.0,), (0.5,)) == 1.5
    assert metrics.gain("loss", (math.nan,), (0.5,)) == math.inf
    assert metrics.gain("accuracy", (0.9,), (0.8,)) == pytest.approx(-0.1)
    assert math.isnan(metrics.gain("accuracy", (), (0.8,)))


@pytest.mark.parametrize(
    "table",
    [
        "epoch   train loss   val acc\n    1      0.50      0.80\n    2      0.25      0.90",
        "| epoch | train loss | val acc |\n|---|---|---|\n| 1 | 0.5 | 80% |\n| 2 | 0.25 | 90% |",
        "epoch,train loss,val acc\n1,0.5,0.8\n2,0.25,0.9\ndone, all of it\n3,9,9",
        "epoch\ttrain loss\tval acc\nloading\nepoch\ttrain loss\tval acc\n1\t.5\t.8\n2\t.25\t.9",
    ],
)
def test_numbers_under_the_head_of_a_table(table: str) -> None:
    assert dict(metrics.parse(table)) == {"train loss": (0.5, 0.25), "val acc": (0.8, 0.9)}


def test_rows_of_numbers_under_words_that_name_nothing_are_no_table() -> None:
    assert dict(metrics.parse("some words here\n1 2 3\n4 5 6")) == {}


def test_steps_that_something_lasted_are_no_counter() -> None:
    assert dict(metrics.parse("steps 100\nsteps 200\nsteps 300")) == {}
    lasted = "episode 10 steps 21.5\nepisode 20 steps 80.0\nepisode 30 steps 64.5"
    assert dict(metrics.parse(lasted)) == {"steps": (21.5, 80.0, 64.5)}


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("score error", -1),
        ("reward loss", -1),
        ("reconstruction accuracy", 1),
        ("log likelihood", 1),
        ("negative log likelihood", -1),
        ("fvu", -1),
        ("relative l2", -1),
        ("val top-1", 1),
        ("steps", 0),
    ],
)
def test_of_several_words_the_last_one_tells(name: str, sign: int) -> None:
    assert metrics.direction(name) == sign


@pytest.mark.parametrize("name", ["ep_rew_mean", "episode returns", "val_acc", "mAP@0.5"])
def test_higher_is_better_by_the_name(name: str) -> None:
    assert metrics.direction(name) == 1


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("ep_rew_mean 20 value_loss 45", True),
        ("episode 3 return 12.5", True),
        ("loss 0.5 accuracy 0.9", False),
        ("returned loss 0.5", False),
        ("episode 20 loss 0.1 success 0.45", True),
        ("epoch 20 loss 0.1 success 0.45", False),
    ],
)
def test_what_an_agent_earns(printed: str, found: bool) -> None:
    assert metrics.is_of_episodes(metrics.parse(printed), printed) == found
