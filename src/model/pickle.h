// A reader for the pickles inside PyTorch checkpoints, and for nothing else.
//
// A pickle is a program; Python's own reader runs whatever function it names. This one knows the
// few opcodes that `torch.save` writes (protocol 2) and the few names a checkpoint of weights
// needs; anything else is refused by its name. It never calls anything: an OrderedDict becomes a
// Dict, a tensor becomes the description of where its values lie.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gradspace::pickle {

/// Values refer to one another by position in the Document, so that cycles and shared values, which
/// pickles may hold, need no ownership.
using Index = std::uint32_t;

struct None {};

/// A name of the whitelist.
struct Global {
  enum class Kind { kOrderedDict, kRebuildTensor, kRebuildParameter, kStorageType };
  Kind kind;
  std::string name;  ///< "FloatStorage"
};

struct Tuple {
  std::vector<Index> items;
};

struct List {
  std::vector<Index> items;
};

/// In order of insertion; a key may stand more than once, and then its last value counts.
struct Dict {
  std::vector<std::pair<Index, Index>> items;
};

/// Raw values that lie in an entry of the archive.
struct Storage {
  std::string type;  ///< "FloatStorage"
  std::string key;   ///< names the entry "data/<key>"
  std::int64_t elements = 0;
};

/// A tensor over a storage. Nothing of it has been checked but that there are as many strides as
/// extents and that no number is negative.
struct TensorView {
  Storage storage;
  std::int64_t offset = 0;  ///< in elements, like the strides
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

using Value = std::variant<None, bool, std::int64_t, double, std::string, Global, Tuple, List, Dict,
                           Storage, TensorView>;

/// All values of a pickle.
class Document {
 public:
  std::deque<Value> values;
  Index root = 0;

  /// The value at `index` if it is a T, else nullptr.
  template <typename T>
  const T* get(Index index) const {
    return std::get_if<T>(&values[index]);
  }
  /// The value of a text key, or nullptr when there is none.
  const Value* find(const Dict& dict, std::string_view key) const;
};

/// Throws FormatError, starting with `name`. Time and memory are linear in the number of bytes.
Document read(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace gradspace::pickle
