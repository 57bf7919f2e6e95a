// Functions of one number as piecewise polynomials whose coefficients are picked out of registers.
//
// Layer: native/, beside loop.hpp, below the emitted kernels. For processors with x86-64-v4. The line
// is cut into 32 cells of one width. Where x + a large number is rounded to an integer, the low bits
// of the sum are the number of x's cell, and one instruction (vpermt2ps) picks 16 entries out of a
// table of 32 that two registers hold. So every function costs the same, some twenty operations for
// 16 elements, whatever its formula: less than to move them through memory. A Zen 4 cannot pick out of
// two registers and multiply-and-add at once, as both read three operands: a coefficient takes it 1.9
// cycles, where either takes 1; out of one register, 1.7. A function that is the same on both sides of 0,
// but for its sign or as 1 less the other, is folded: 16 cells of |x|, as wide as 32 of x, in one register
// instead of two. Other functions would need a degree or two more.
//
// Even cells are a power of two wide, with the centre in the middle: x + a large number is then the number
// of the cell, and less the large number again its centre, by additions, which no look-up waits for: a
// tenth of the time. What is beyond them is set aside for a table that has further cells or others. To set
// aside what nobody could foresee costs so much that cells have to reach to 16: to 8 they would take a fifth
// less time for inputs of deviation 2, and half as long again for 3.
//
// Where 32 cells are too few, 64 are in memory: a coefficient is two look-ups and a choice, 3.3 cycles, which
// is still less than most formulas take in double.
//
// A table is printed by rectifier.kernels.tabled, which says how it is made: the centres of the cells,
// then coefficients from the lowest power on, 32 of each. Its Shape says which code evaluates it:
//   degree                 of the polynomials,
//   rounding               of x to a cell: to nearest where all is smooth, else so that a kink's cell
//                          is the one whose formula holds at the kink itself,
//   low, high              whether the end cells go on to infinity, where the function is a line,
//   nans                   whether what is in no cell may come out as NaN: beyond a line, at infinity,
//                          and in a cell that has no polynomial, whose coefficients are NaN,
//   fold                   whether the cells are those of |x|, and how a result below 0 comes of one above,
//   cells, even            how many cells, and how many a unit has if they are even, else 0,
//   sharp                  of which order the zeros are, 1 to 3, that get one more coefficient: the
//                          first one that is not 0 is then the sum of two floats, and of what makes
//                          up the result only the last operation or two are rounded. 0 for none.
// What is in no cell, NaN and infinities are set aside (aside.hpp) and computed by the kernel that
// other processors run, so a result does not depend on what else is in the vector.

#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "aside.hpp"
#include "bits.hpp"
#include "half.hpp"
#include "table.hpp"
#include "vectors.hpp"

namespace rectifier {

enum class Rounding { nearest = 0, down = 1, up = 2 };  // as _MM_FROUND_TO_NEAREST_INT and so on

// even: f(-x) = f(x); odd: f(-x) = -f(x). Or f(-x) = 1 - f(x), and the cells have the smaller of the two:
// that of -|x| where f rises, of |x| where it falls. Or f(-x) = f(x) - x, and so on: up, down.
enum class Fold { none, even, odd, rises, falls, up, down };

constexpr int most_cells = 32;
constexpr float cell_base = 12582912.0F;  // 1.5 * 2^23, so that one unit in the last place is 1

template <int degree_, Rounding rounding_, bool low_, bool high_, bool nans_, int sharp_,
          Fold fold_ = Fold::none, int cells_ = fold_ == Fold::none ? most_cells : most_cells / 2,
          int even_ = 0>
struct Shape {
  static constexpr int degree = degree_;
  static constexpr Rounding rounding = rounding_;
  static constexpr bool low = low_;
  static constexpr bool high = high_;
  static constexpr bool nans = nans_;
  static constexpr int sharp = sharp_;
  static constexpr Fold fold = fold_;
  static constexpr bool folded = fold != Fold::none;
  static constexpr int cells = cells_;
  static constexpr int registers = cells / 16;
  static constexpr bool even = even_ > 0;
  static constexpr bool open = high && (low || folded);  // only a NaN is in no cell
  static constexpr int first = even ? 0 : 1;             // row of the coefficients
  static constexpr int rows = first + degree + 1 + (sharp > 0);
  static constexpr float base = cell_base / (even ? even_ : 1);  // its bits are those of cell 0
};

struct Cells {
  float scale;            // cells per unit of x; of even cells x itself is taken
  float shift;            // added to that: the base of the shape if the first cell begins at 0
  const float* numbers;   // aligned to 64 bytes
  std::size_t count;      // of the parameters
  const double* defaults;  // for which it is
};

#if defined(RECTIFIER_HAS_V4)

constexpr std::size_t tabled_ahead = 1024;  // so far ahead the memory is asked

template <class T>
struct Registers {
  __m512 row[T::rows][T::registers];
  __m512 scale;
  __m512 shift;
};

template <class T>
RECTIFIER_V4_INLINE Registers<T> load_table(const Cells& from) {
  Registers<T> r;
#pragma GCC unroll 16
  for (int k = 0; k < T::rows; ++k) {
#pragma GCC unroll 4
    for (int j = 0; j < T::registers; ++j) {
      r.row[k][j] = _mm512_load_ps(from.numbers + T::cells * k + 16 * j);
    }
  }
  r.scale = _mm512_set1_ps(from.scale);
  r.shift = _mm512_set1_ps(from.shift);
  return r;
}

// The number of each element's cell, as what its bits differ from those of the first one's.
template <class T>
RECTIFIER_V4_INLINE __m512i cell_of(const Registers<T>& r, __m512 x) {
  constexpr int how = static_cast<int>(T::rounding) | _MM_FROUND_NO_EXC;
  __m512 u = T::even ? _mm512_add_round_ps(x, r.shift, how)
                     : _mm512_fmadd_round_ps(x, r.scale, r.shift, how);
  if constexpr (T::low) u = _mm512_max_ps(u, _mm512_set1_ps(cell_base));
  if constexpr (T::high) u = _mm512_min_ps(u, _mm512_set1_ps(cell_base + (T::cells - 1)));
  return _mm512_castps_si512(u);
}

template <class T>
RECTIFIER_V4_INLINE __m512 pick(const Registers<T>& r, int row, __m512i cell) {
  const __m512* of = r.row[row];
  if constexpr (T::registers == 1) return _mm512_permutexvar_ps(cell, of[0]);
  const __m512 found = _mm512_permutex2var_ps(of[0], cell, of[1 % T::registers]);
  if constexpr (T::registers == 2) return found;
  const __mmask16 upper = _mm512_test_epi32_mask(cell, _mm512_set1_epi32(32));
  const __m512 other =
      _mm512_permutex2var_ps(of[2 % T::registers], cell, of[3 % T::registers]);
  return _mm512_mask_mov_ps(found, upper, other);
}

template <class T>
RECTIFIER_V4_INLINE __m512 centre(const Registers<T>& r, __m512i cell) {
  if constexpr (T::even) return _mm512_sub_ps(_mm512_castsi512_ps(cell), r.shift);
  return pick(r, 0, cell);
}

// What the cells are of.
template <class T>
RECTIFIER_V4_INLINE __m512 folded(__m512 x) {
  return T::folded ? _mm512_abs_ps(x) : x;
}

// The function of x from that of |x|.
template <class T>
RECTIFIER_V4_INLINE __m512 unfolded(__m512 x, __m512 y) {
  if constexpr (T::fold == Fold::odd) {
    const __m512i sign = _mm512_set1_epi32(INT32_MIN);
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(
        _mm512_castps_si512(y), _mm512_castps_si512(x), sign, 0x78));  // y ^ (x & sign)
  } else if constexpr (T::fold == Fold::rises || T::fold == Fold::falls) {
    const __mmask16 below = _mm512_movepi32_mask(_mm512_castps_si512(x));
    const __mmask16 rest = T::fold == Fold::rises ? _knot_mask16(below) : below;
    return _mm512_mask_sub_ps(y, rest, _mm512_set1_ps(1.0F), y);
  } else if constexpr (T::fold == Fold::up || T::fold == Fold::down) {
    const __mmask16 below = _mm512_movepi32_mask(_mm512_castps_si512(x));
    return _mm512_mask_add_ps(y, T::fold == Fold::up ? _knot_mask16(below) : below, y, x);
  } else {
    return y;
  }
}

// Step by step for all vectors: a processor looks a hundred instructions ahead, which are two or three
// vectors' own, and each waits for the one before it.
template <class T, int vectors>
RECTIFIER_V4_INLINE void in_cell(const Registers<T>& r, const __m512* x, const __m512i* cell,
                                 __m512* y) {
  constexpr int c = T::first;
  __m512 t[vectors];
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) t[v] = _mm512_sub_ps(x[v], centre(r, cell[v]));
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) y[v] = pick(r, c + T::degree, cell[v]);
#pragma GCC unroll 16
  for (int k = T::degree - 1; k >= (T::sharp > 1 ? T::sharp - 1 : 0); --k) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) y[v] = _mm512_fmadd_ps(y[v], t[v], pick(r, c + k, cell[v]));
  }
  if constexpr (T::sharp > 0) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      y[v] = _mm512_fmadd_ps(t[v], pick(r, T::rows - 1, cell[v]), y[v]);
    }
  }
  if constexpr (T::sharp == 2) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) y[v] = _mm512_fmadd_ps(y[v], t[v], pick(r, c, cell[v]));
  }
  if constexpr (T::sharp == 3) {  // c0 + c1 t + y t^2, with what the rounding of t^2 loses
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const __m512 square = _mm512_mul_ps(t[v], t[v]);
      const __m512 lost = _mm512_fmsub_ps(t[v], t[v], square);
      const __m512 line = _mm512_fmadd_ps(t[v], pick(r, c + 1, cell[v]), pick(r, c, cell[v]));
      y[v] = _mm512_fmadd_ps(square, y[v], _mm512_fmadd_ps(lost, y[v], line));
    }
  }
}

// Which elements are in no cell.
template <class T>
RECTIFIER_V4_INLINE __mmask16 in_no_cell(__m512i cell, __m512 y) {
  __mmask16 found = 0;
  if constexpr (T::nans) found = _mm512_cmp_ps_mask(y, y, _CMP_UNORD_Q);
  if constexpr (!T::open) {
    const __m512i base = _mm512_castps_si512(_mm512_set1_ps(T::base));
    const __m512i beyond = _mm512_set1_epi32(~(T::cells - 1));
    found |= _mm512_test_epi32_mask(_mm512_xor_si512(cell, base), beyond);
  }
  return found;
}

// `vectors` times 16 elements from `first` on; of the last only those of the mask.
template <class T, class E, bool backward, int vectors>
RECTIFIER_V4_INLINE std::size_t tabled_step(const Registers<T>& r, const typename E::type* x,
                                            const typename E::type* g, typename E::type* y,
                                            std::size_t first, __mmask16 last, Aside& aside,
                                            std::size_t count) {
  __m512 at[vectors];
  __m512 by[vectors];
  __m512 side[vectors];
  __m512 found[vectors];
  __m512i cell[vectors];
  constexpr bool paired = E::paired && vectors > 1;
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) {
    const std::size_t place = first + 16 * static_cast<std::size_t>(v);
    if constexpr (paired) {
      if (v % 2 == 0) E::load(x + place, &at[v], &at[v + 1]);
      if (backward && v % 2 == 0) E::load(g + place, &by[v], &by[v + 1]);
    } else {
      at[v] = vectors == 1 ? E::load(last, x + place) : E::load(x + place);
      if constexpr (backward) by[v] = vectors == 1 ? E::load(last, g + place) : E::load(g + place);
    }
    if constexpr (!backward) by[v] = at[v];
    side[v] = folded<T>(at[v]);
    cell[v] = cell_of<T>(r, side[v]);
  }
  in_cell<T, vectors>(r, side, cell, found);
  bool all = true;
  if constexpr (T::nans) {
    __mmask16 nans = 0;
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v += 2) {
      nans |= _mm512_cmp_ps_mask(found[v], found[v + (vectors > 1)], _CMP_UNORD_Q);
    }
    all = nans == 0;
  }
  if constexpr (!T::open) {
    const __m512i base = _mm512_castps_si512(_mm512_set1_ps(T::base));
    __m512i differ = _mm512_xor_si512(cell[0], base);
#pragma GCC unroll 4
    for (int v = 1; v < vectors; ++v) {
      differ = _mm512_ternarylogic_epi32(differ, cell[v], base, 0xf6);  // a | (b ^ c)
    }
    all = all && _mm512_test_epi32_mask(differ, _mm512_set1_epi32(~(T::cells - 1))) == 0;
  }
  if (__builtin_expect(!all, 0)) {
    for (int v = 0; v < vectors; ++v) {
      __mmask16 which = in_no_cell<T>(cell[v], found[v]);
      if constexpr (vectors == 1) which &= last;
      const int place = paired ? 16 * (v - v % 2) + v % 2 : 16 * v;
      if (which == 0) continue;
      count = set_aside<backward>(aside, count, which, at[v], by[v],
                                  first + static_cast<std::size_t>(place), paired);
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) {
    const std::size_t place = first + 16 * static_cast<std::size_t>(v);
    const __m512 whole = unfolded<T>(at[v], found[v]);
    const __m512 result = backward ? _mm512_mul_ps(by[v], whole) : whole;
    if constexpr (paired) {
      found[v] = result;
      if (v % 2 == 1) E::store(y + place - 16, found[v - 1], found[v]);
    } else if constexpr (vectors == 1) {
      E::store(last, y + place, result);
    } else {
      E::store(y + place, result);
    }
  }
  return count;
}

template <class T, class E, bool backward>
RECTIFIER_V4 void tabled_loop(const Cells& cells, const typename E::type* x,
                              const typename E::type* g, typename E::type* y, std::size_t n,
                              const double* given, Kernel plain) {
  constexpr std::size_t wide = T::registers == 1 || T::registers * T::rows <= 18 ? 4 : 2;
  constexpr std::size_t line = 64 / sizeof(typename E::type);
  const Registers<T> r = load_table<T>(cells);
  Aside aside;
  for (std::size_t start = 0; start < n; start += tabled_stretch) {
    const std::size_t size = n - start < tabled_stretch ? n - start : tabled_stretch;
    const auto from = x + start;
    const auto by = backward ? g + start : nullptr;
    const auto to = y + start;
    std::size_t count = 0;
    std::size_t i = 0;
    for (; i + 16 * wide <= size; i += 16 * wide) {
#pragma GCC unroll 4
      for (std::size_t ahead = 0; ahead < 16 * wide; ahead += line) {  // past the end it does nothing
        RECTIFIER_PREFETCH(from + i + tabled_ahead + ahead);
        if constexpr (backward) RECTIFIER_PREFETCH(by + i + tabled_ahead + ahead);
      }
      count = tabled_step<T, E, backward, wide>(r, from, by, to, i, 0xffff, aside, count);
      if (__builtin_expect(count > most_aside - 16 * wide, 0)) {
        compute_aside<E, backward>(aside, count, to, given, plain);
        count = 0;
      }
    }
    for (; i < size; i += 16) {
      const std::size_t left = size - i < 16 ? size - i : 16;
      const __mmask16 last = static_cast<__mmask16>((1U << left) - 1);
      count = tabled_step<T, E, backward, 1>(r, from, by, to, i, last, aside, count);
    }
    if (count > 0) compute_aside<E, backward>(aside, count, to, given, plain);
  }
}

#endif

// By a table where the machine and the parameters allow, else as other processors do.
RECTIFIER_INLINE bool can_use(const Cells& cells, const double* given) {
  bool same = has_tables;
  for (std::size_t i = 0; i < cells.count; ++i) same = same && given[i] == cells.defaults[i];
  return same;
}

#if defined(RECTIFIER_HAS_V4)

template <class T, bool backward>
inline void by_table(const Cells& cells, const float* x, const float* g, float* y, std::size_t n,
                     const double* given, Kernel plain) {
  if (!can_use(cells, given)) return plain(x, g, y, n, given);
  tabled_loop<T, Float32, backward>(cells, x, g, y, n, given, plain);
}

template <class T, class E, bool backward>
inline bool half_by_table(const Cells& cells, const std::uint16_t* x, const std::uint16_t* g,
                          std::uint16_t* y, std::size_t n, const double* given, Kernel plain) {
  if (!can_use(cells, given)) return false;
  tabled_loop<T, E, backward>(cells, x, g, y, n, given, plain);
  return true;
}

#else

template <class, bool>
inline void by_table(const Cells&, const float* x, const float* g, float* y, std::size_t n,
                     const double* given, Kernel plain) {
  plain(x, g, y, n, given);
}

template <class, class, bool>
inline bool half_by_table(const Cells&, const std::uint16_t*, const std::uint16_t*, std::uint16_t*,
                          std::size_t, const double*, Kernel) {
  return false;
}

#endif

}  // namespace rectifier

// Defines a kernel by the Cells of a constant, and by the kernel of what is in no cell.
#define RECTIFIER_TABLED(name, other, constant, backward, ...)                                \
  void name(const float* x, const float* g, float* y, std::size_t n, const double* given) {   \
    by_table<Shape<__VA_ARGS__>, backward>(constant, x, g, y, n, given, other);               \
  }

// A loop is compiled in one of the emitted files and used by all.
#if defined(RECTIFIER_HAS_V4)
#define RECTIFIER_TABLED_LOOP(kept, E, backward, ...)                                         \
  kept template void tabled_loop<Shape<__VA_ARGS__>, E, backward>(                            \
      const Cells&, const E::type*, const E::type*, E::type*, std::size_t, const double*, Kernel);
#else
#define RECTIFIER_TABLED_LOOP(kept, E, backward, ...)
#endif
