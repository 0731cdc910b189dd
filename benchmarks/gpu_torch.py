"""PyTorch's training step for benchmarks/gpu.py; needs nothing else of an installation."""

from collections.abc import Callable

import torch

from benchmarks.gpu_jobs import Size


class _Network(torch.nn.Module):
    """Embedding, stacked LSTM, logits."""

    def __init__(self, size: Size, vocabulary: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, size.units)
        self.lstm = torch.nn.LSTM(size.units, size.units, size.layers, batch_first=True)
        self.logits = torch.nn.Linear(size.units, vocabulary)

    def forward(self, tokens: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Returns the logits [B, T, V]."""
        return self.logits(self.lstm(self.embedding(tokens), state)[0])


def training_step(size: Size, precision: str, window: int, vocabulary: int) -> Callable[[], object]:
    """Makes a training step; products are TF32 on a GPU, as TensorFlow's are, and bfloat16 is autocast."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    network = _Network(size, vocabulary).to(device)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    tokens = torch.randint(4, vocabulary, (size.rows, window + 1), device=device)
    zeros = torch.zeros(size.layers, size.rows, size.units, device=device)

    def step() -> None:
        """Runs one step, and waits for it."""
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            logits = network(tokens[:, :-1], (zeros, zeros))
            loss = torch.nn.functional.cross_entropy(logits.float().reshape(-1, vocabulary), tokens[:, 1:].reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        loss.item()

    return step
