// Numbers about each unit of a tensor, in one pass over it.
//
// Layer: native/, beside the kernels and without any formula. What is counted and summed here is
// what rectifier.watch.statistics computes with torch where this cannot be used.

#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>

namespace rectifier {

// A tensor as [outer][units][inner], contiguous: (N, C, H, W) is (N, C, H W); rows are (N, U, 1).
struct Extent {
  std::size_t outer;
  std::size_t units;
  std::size_t inner;
};

enum class Element { float32, bfloat16 };

// What forward_statistics gives of each unit, and of all elements together.
constexpr std::size_t unit_numbers = 5;   // y > 0, y != 0, sum |y|, sum x, sum x^2
constexpr std::size_t whole_numbers = 7;  // sum y, sum y^2, min x, max x, x outside [low, high],
                                          // x not finite, y not finite

// per_unit is [unit_numbers][units]; whole is [whole_numbers]. Minimum and maximum leave NaN out.
// Where `low` is NaN it is not known what lies outside, and that number is NaN; where `zeros_too`,
// outputs that are zero lie outside as well.
// y may be null: it is then max(x, 0), and only half as much memory is read.
void forward_statistics(const void* x, const void* y, Element element, Extent extent, double low,
                        double high, bool zeros_too, double* per_unit, double* whole,
                        std::size_t threads);

// Of the output alone, read once: y > 0, y != 0 and sum |y| of each unit as [output_numbers][units].
// Returns how many elements are not finite.
constexpr std::size_t output_numbers = 3;

double output_statistics(const void* y, Element element, Extent extent, double* per_unit,
                         std::size_t threads);

// nonzero[u] counts elements of the gradient with respect to the input that are not zero (NaN is
// not); returns the sum of squares of the gradient with respect to the output, which of large
// tensors is told from one of `sampled` equal parts.
constexpr std::size_t sampled = 8;

double gradient_statistics(const void* to_input, const void* to_output, Element element,
                           Extent extent, double* nonzero, std::size_t threads);

// Sum of squares of each of several float32 buffers; where `some`, of large ones told from one of
// `sampled` equal parts.
void sums_of_squares(const float* const* buffers, const std::size_t* sizes, std::size_t number,
                     bool some, double* found, std::size_t threads);

// Of a buffer of at least 2 * blocks * block elements so many blocks evenly apart are looked at, of a
// smaller one all: what a few cache lines cost.
constexpr std::size_t blocks = 256, block = 64;

// Whether one of the elements that are looked at is NaN or infinite.
bool any_bad_in_blocks(const float* const* buffers, const std::size_t* sizes, std::size_t number);

// Copies what is looked at of several float32 buffers, one after the other, and squares it.
void keep_blocks(const float* const* buffers, const std::size_t* sizes, std::size_t number,
                 float* kept, double* squares);

// Sum of squares of how far the same elements are now from what was kept.
void moved_blocks(const float* const* buffers, const std::size_t* sizes, std::size_t number,
                  const float* kept, double* squares);

// Of a PyTorch tensor with units on `axis`: (elements of a unit, rows that are told apart, bytes of
// output_statistics, elements not finite); None where it is no ordinary tensor or, unless `dims` is
// 0, not of so many dimensions and units, or empty. A new reference; null with the error set.
PyObject* measured_output(PyObject* tensor, std::size_t axis, std::size_t dims, std::size_t units);

void bind_statistics(nanobind::module_& module);
void bind_statistics_of_tensors(nanobind::module_& module);

}  // namespace rectifier
