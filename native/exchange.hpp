// Where a tensor's numbers are, asked of its framework in one call.
//
// Layer: native/, below shortcut.cpp. The structures are those of DLPack 1 (github.com/dmlc/dlpack,
// dlpack.h), which frameworks hand out as a capsule and promise to keep; only what is read has a name.

#pragma once

#include <Python.h>

#include <cstdint>

namespace rectifier {

struct Lent {  // DLTensor
  void* data;
  std::int32_t device, device_number;
  std::int32_t dimensions;
  std::uint8_t kind, bits;
  std::uint16_t lanes;
  const std::int64_t* shape;
  const std::int64_t* strides;
  std::uint64_t offset;
};

struct Exchange {  // DLPackExchangeAPI
  std::uint32_t major, minor;
  Exchange* older;
  void* unused[3];
  int (*lend)(void* tensor, Lent* to);  // without taking part in owning it; -1 with the error set
  void* stream;
};

// Of a capsule; null where there is none, or one of another version.
inline const Exchange* exchange_of(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, "dlpack_exchange_api")) return nullptr;
  const auto found =
      static_cast<const Exchange*>(PyCapsule_GetPointer(capsule, "dlpack_exchange_api"));
  return found->major == 1 && found->lend != nullptr ? found : nullptr;
}

// The number of elements of floats on the CPU without gaps between them; -1 of anything else.
inline Py_ssize_t dense_floats(const Lent& lent) {
  constexpr std::int32_t cpu = 1;
  constexpr std::uint8_t floating = 2;
  if (lent.data == nullptr || lent.device != cpu || lent.kind != floating || lent.bits != 32 ||
      lent.lanes != 1 || lent.offset != 0) {
    return -1;
  }
  std::int64_t elements = 1;
  for (std::int32_t k = lent.dimensions; k-- > 0;) {
    if (lent.strides != nullptr && lent.shape[k] != 1 && lent.strides[k] != elements) return -1;
    elements *= lent.shape[k];
  }
  return static_cast<Py_ssize_t>(elements);
}

}  // namespace rectifier
