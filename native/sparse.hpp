// Products of a matrix with a vector that is mostly zeros.
//
// Layer: native/, beside the elementwise kernels; nothing here knows an activation. Memory is the
// limit of such a product, so a row of the matrix whose factor is zero must not be read: the matrix
// lies with one input's weights next to each other.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rectifier {

// What is not zero in a few rows of numbers of one length.
struct Active {
  std::vector<std::uint32_t> place;  // the inputs that are not zero in some row, in order
  std::vector<float> factor;         // for each of them `rows` numbers
  std::vector<unsigned char> seen;   // for finding them
};

// Finds what is not zero in x[rows][inputs]. False, with `found` undefined, if that is more than
// `most` inputs.
bool find_active(const float* x, std::size_t rows, std::size_t inputs, std::size_t most,
                 Active& found);

// y[rows][outputs] = bias + the sum over the active inputs i of factor * weight[i][outputs]; bias may
// be null. The order of the sum does not depend on `threads`.
void sum_active(const Active& active, std::size_t rows, const float* weight, std::size_t outputs,
                const float* bias, float* y, std::size_t threads);

}  // namespace rectifier
