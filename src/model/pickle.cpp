#include "model/pickle.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace::pickle {
namespace {

/// A checkpoint of ten thousand tensors has a fifth of this.
constexpr std::size_t kMaxValues = 1 << 20;
constexpr std::size_t kMaxPickledRank = 32;
/// torch.save numbers its storages. Every tensor takes a copy of its storage's key.
constexpr std::size_t kMaxKeyLength = 64;

/// Names and codes are those of Python's pickletools.
enum class Opcode : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kProto = 0x80,
  kNone = 'N',
  kTrue = 0x88,
  kFalse = 0x89,
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kLong1 = 0x8A,
  kBinFloat = 'G',
  kBinUnicode = 'X',
  kEmptyTuple = ')',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kTuple = 't',
  kEmptyList = ']',
  kAppend = 'a',
  kAppends = 'e',
  kEmptyDict = '}',
  kSetItem = 's',
  kSetItems = 'u',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kGlobal = 'c',
  kReduce = 'R',
  kBuild = 'b',
  kBinPersId = 'Q',
};

std::optional<Global> allowed_global(std::string_view module, std::string_view name) {
  if (module == "collections" && name == "OrderedDict") {
    return Global{Global::Kind::kOrderedDict, std::string(name)};
  }
  if (module == "torch._utils" && name == "_rebuild_tensor_v2") {
    return Global{Global::Kind::kRebuildTensor, std::string(name)};
  }
  if (module == "torch._utils" && name == "_rebuild_parameter") {
    return Global{Global::Kind::kRebuildParameter, std::string(name)};
  }
  if (module == "torch") {
    for (const char* type :
         {"FloatStorage", "DoubleStorage", "HalfStorage", "BFloat16Storage", "LongStorage",
          "IntStorage", "ShortStorage", "CharStorage", "ByteStorage", "BoolStorage"}) {
      if (name == type) {
        return Global{Global::Kind::kStorageType, std::string(name)};
      }
    }
  }
  return std::nullopt;
}

/// The pickle's bytes, from the first to the last.
class Bytes {
 public:
  Bytes(std::span<const std::uint8_t> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  [[noreturn]] void fail(const std::string& why) const {
    throw FormatError(fmt::format("{}: pickle: {} (at byte {})", name_, why, position_));
  }

  bool at_end() const { return position_ == bytes_.size(); }

  std::span<const std::uint8_t> take(std::size_t size) {
    if (bytes_.size() - position_ < size) {
      fail("truncated");
    }
    const auto result = bytes_.subspan(position_, size);
    position_ += size;
    return result;
  }

  std::uint8_t next_byte() { return take(1).front(); }

  /// Little-endian, as the machine is.
  template <typename T>
  T number() {
    static_assert(std::endian::native == std::endian::little);
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string_view text(std::size_t size) {
    const auto part = take(size);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

  std::string_view line() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + position_,
                                bytes_.size() - position_);
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
      fail("truncated");
    }
    position_ += end + 1;
    return rest.substr(0, end);
  }

  std::int64_t long_integer() {
    const auto part = take(number<std::uint8_t>());
    if (part.size() > sizeof(std::uint64_t)) {
      fail("an integer over 64 bits");
    }
    const bool negative = !part.empty() && (part.back() & 0x80U) != 0;
    std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
    for (std::size_t i = part.size(); i-- > 0;) {
      value = (value << 8) | part[i];
    }
    return static_cast<std::int64_t>(value);
  }

  double big_endian_double() {
    std::uint64_t bits = 0;
    for (const std::uint8_t byte : take(sizeof bits)) {
      bits = (bits << 8) | byte;
    }
    return std::bit_cast<double>(bits);
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::string_view name_;
  std::size_t position_ = 0;
};

/// The pickle machine's stack and memory, and what each opcode does to them.
class Machine {
 public:
  Machine(std::span<const std::uint8_t> bytes, std::string_view name) : bytes_(bytes, name) {}

  Document run();

 private:
  [[noreturn]] void fail(const std::string& why) const { bytes_.fail(why); }
  void step(Opcode opcode);

  void push(Value value);
  /// How many values lie over the last mark: an opcode may not reach below it.
  std::size_t height() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }
  std::vector<Index> pop_many(std::size_t count);
  std::vector<Index> pop_to_mark();
  Index pop() { return pop_many(1).front(); }
  Index top() const;
  template <typename T>
  T& top_as(const char* what);

  // The opcodes that do more than push.
  void append(const std::vector<Index>& items);
  void set_items(const std::vector<Index>& items);
  void put(std::uint32_t slot) { memo_[slot] = top(); }
  void get(std::uint32_t slot);
  void global();
  void reduce();
  /// What an object's __setstate__ would get; of a state dict's `_metadata` nothing is needed.
  void build();
  /// ('storage', type, key, location, elements)
  void persistent_id();

  /// (storage, offset, shape, strides, requires_grad, hooks, ...)
  TensorView tensor(const std::vector<Index>& arguments) const;
  std::int64_t natural(Index index) const;
  std::vector<std::int64_t> naturals(Index index) const;

  Bytes bytes_;
  Document document_;
  std::vector<Index> stack_;
  std::vector<std::size_t> marks_;  ///< heights of the stack
  std::unordered_map<std::uint32_t, Index> memo_;
};

Document Machine::run() {
  if (bytes_.next_byte() != static_cast<std::uint8_t>(Opcode::kProto) || bytes_.next_byte() != 2) {
    fail("not a pickle of protocol 2, which torch.save writes");
  }
  for (;;) {
    const auto opcode = static_cast<Opcode>(bytes_.next_byte());
    if (opcode == Opcode::kStop) {
      break;
    }
    step(opcode);
  }
  document_.root = pop();
  if (!stack_.empty() || !marks_.empty() || !bytes_.at_end()) {
    fail("something is left over at its end");
  }
  return std::move(document_);
}

void Machine::step(Opcode opcode) {
  switch (opcode) {
    case Opcode::kMark:
      return marks_.push_back(stack_.size());
    case Opcode::kNone:
      return push(None{});
    case Opcode::kTrue:
      return push(true);
    case Opcode::kFalse:
      return push(false);
    case Opcode::kBinInt:
      return push(std::int64_t{static_cast<std::int32_t>(bytes_.number<std::uint32_t>())});
    case Opcode::kBinInt1:
      return push(std::int64_t{bytes_.number<std::uint8_t>()});
    case Opcode::kBinInt2:
      return push(std::int64_t{bytes_.number<std::uint16_t>()});
    case Opcode::kLong1:
      return push(bytes_.long_integer());
    case Opcode::kBinFloat:
      return push(bytes_.big_endian_double());
    case Opcode::kBinUnicode:
      return push(std::string(bytes_.text(bytes_.number<std::uint32_t>())));
    case Opcode::kEmptyTuple:
      return push(Tuple{});
    case Opcode::kTuple1:
      return push(Tuple{pop_many(1)});
    case Opcode::kTuple2:
      return push(Tuple{pop_many(2)});
    case Opcode::kTuple3:
      return push(Tuple{pop_many(3)});
    case Opcode::kTuple:
      return push(Tuple{pop_to_mark()});
    case Opcode::kEmptyList:
      return push(List{});
    case Opcode::kAppend:
      return append(pop_many(1));
    case Opcode::kAppends:
      return append(pop_to_mark());
    case Opcode::kEmptyDict:
      return push(Dict{});
    case Opcode::kSetItem:
      return set_items(pop_many(2));
    case Opcode::kSetItems:
      return set_items(pop_to_mark());
    case Opcode::kBinPut:
      return put(bytes_.number<std::uint8_t>());
    case Opcode::kLongBinPut:
      return put(bytes_.number<std::uint32_t>());
    case Opcode::kBinGet:
      return get(bytes_.number<std::uint8_t>());
    case Opcode::kLongBinGet:
      return get(bytes_.number<std::uint32_t>());
    case Opcode::kGlobal:
      return global();
    case Opcode::kReduce:
      return reduce();
    case Opcode::kBuild:
      return build();
    case Opcode::kBinPersId:
      return persistent_id();
    case Opcode::kStop:
    case Opcode::kProto:
      break;
  }
  fail(
      fmt::format("opcode {:#04x}, which torch.save doesn't write", static_cast<unsigned>(opcode)));
}

void Machine::push(Value value) {
  if (document_.values.size() >= kMaxValues) {
    fail(fmt::format("more than {} values", kMaxValues));
  }
  document_.values.push_back(std::move(value));
  stack_.push_back(static_cast<Index>(document_.values.size() - 1));
}

std::vector<Index> Machine::pop_many(std::size_t count) {
  if (height() < count) {
    fail("an opcode without its operands");
  }
  std::vector<Index> result(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  return result;
}

std::vector<Index> Machine::pop_to_mark() {
  if (marks_.empty()) {
    fail("an opcode without its mark");
  }
  std::vector<Index> result = pop_many(height());
  marks_.pop_back();
  return result;
}

Index Machine::top() const {
  if (height() == 0) {
    fail("an opcode without its operand");
  }
  return stack_.back();
}

template <typename T>
T& Machine::top_as(const char* what) {
  T* const value = std::get_if<T>(&document_.values[top()]);
  if (value == nullptr) {
    fail(fmt::format("an opcode for a {} on something else", what));
  }
  return *value;
}

void Machine::append(const std::vector<Index>& items) {
  List& list = top_as<List>("list");
  list.items.insert(list.items.end(), items.begin(), items.end());
}

void Machine::set_items(const std::vector<Index>& items) {
  if (items.size() % 2 != 0) {
    fail("a key without a value");
  }
  Dict& dict = top_as<Dict>("dict");
  for (std::size_t i = 0; i < items.size(); i += 2) {
    dict.items.emplace_back(items[i], items[i + 1]);
  }
}

void Machine::get(std::uint32_t slot) {
  const auto found = memo_.find(slot);
  if (found == memo_.end()) {
    fail("a reference to nothing");
  }
  stack_.push_back(found->second);
}

void Machine::global() {
  const std::string_view module = bytes_.line();
  const std::string_view name = bytes_.line();
  std::optional<Global> allowed = allowed_global(module, name);
  if (!allowed) {
    fail(fmt::format("it asks for {}.{}, which a checkpoint of weights has no need of: refused",
                     printable(module), printable(name)));
  }
  push(std::move(*allowed));
}

void Machine::reduce() {
  const Index arguments_at = pop();
  const Index function_at = pop();
  const auto* const function = document_.get<Global>(function_at);
  const auto* const arguments = document_.get<Tuple>(arguments_at);
  if (function == nullptr || arguments == nullptr) {
    fail("a call of something that is no function");
  }
  switch (function->kind) {
    case Global::Kind::kOrderedDict:
      if (!arguments->items.empty()) {
        fail("an OrderedDict with arguments");
      }
      return push(Dict{});
    case Global::Kind::kRebuildTensor:
      return push(tensor(arguments->items));
    case Global::Kind::kRebuildParameter:
      if (arguments->items.empty() ||
          document_.get<TensorView>(arguments->items.front()) == nullptr) {
        fail("a parameter without its tensor");
      }
      return stack_.push_back(arguments->items.front());
    case Global::Kind::kStorageType:
      break;
  }
  fail(fmt::format("a call of {}", function->name));
}

TensorView Machine::tensor(const std::vector<Index>& arguments) const {
  constexpr std::size_t kLeastArguments = 6;
  const auto* const storage =
      arguments.empty() ? nullptr : document_.get<Storage>(arguments.front());
  if (storage == nullptr || arguments.size() < kLeastArguments) {
    fail("a tensor without its storage");
  }
  TensorView view{*storage, natural(arguments[1]), naturals(arguments[2]), naturals(arguments[3])};
  if (view.shape.size() != view.strides.size()) {
    fail("a tensor with more or fewer strides than extents");
  }
  return view;
}

std::int64_t Machine::natural(Index index) const {
  const auto* const value = document_.get<std::int64_t>(index);
  if (value == nullptr || *value < 0) {
    fail("a tensor's offset, extent or stride is no whole number from 0");
  }
  return *value;
}

std::vector<std::int64_t> Machine::naturals(Index index) const {
  const auto* const tuple = document_.get<Tuple>(index);
  if (tuple == nullptr || tuple->items.size() > kMaxPickledRank) {
    fail("a tensor's shape is no tuple of a few numbers");
  }
  std::vector<std::int64_t> result;
  for (const Index item : tuple->items) {
    result.push_back(natural(item));
  }
  return result;
}

void Machine::build() {
  const Index state = pop();
  if (document_.get<Dict>(top()) == nullptr || document_.get<Dict>(state) == nullptr) {
    fail("a state for something that is no OrderedDict");
  }
}

void Machine::persistent_id() {
  const Index index = pop();
  const auto* const tuple = document_.get<Tuple>(index);
  if (tuple == nullptr || tuple->items.size() != 5) {
    fail("a persistent id that is no storage");
  }
  const auto* const tag = document_.get<std::string>(tuple->items[0]);
  const auto* const type = document_.get<Global>(tuple->items[1]);
  const auto* const key = document_.get<std::string>(tuple->items[2]);
  if (tag == nullptr || *tag != "storage" || type == nullptr ||
      type->kind != Global::Kind::kStorageType || key == nullptr || key->size() > kMaxKeyLength) {
    fail("a persistent id that is no storage");
  }
  push(Storage{type->name, *key, natural(tuple->items[4])});
}

}  // namespace

const Value* Document::find(const Dict& dict, std::string_view key) const {
  const Value* found = nullptr;
  for (const auto& [key_at, value_at] : dict.items) {
    const auto* const text = get<std::string>(key_at);
    if (text != nullptr && *text == key) {
      found = &values[value_at];
    }
  }
  return found;
}

Document read(std::span<const std::uint8_t> bytes, std::string_view name) {
  return Machine(bytes, name).run();
}

}  // namespace gradspace::pickle
