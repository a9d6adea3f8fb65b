#include "model/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gradspace/error.h"

namespace gradspace::pickle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

/// Pickles with zeros in them.
std::string raw(std::string_view text) {
  return std::string(text);
}

Document read_text(const std::string& text) {
  return read(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), "f");
}

/// `body` between the protocol and the stop.
Document read_body(const std::string& body) {
  return read_text("\x80\x02" + body + ".");
}

template <typename T>
T root(const std::string& body) {
  const Document document = read_body(body);
  const T* const value = document.get<T>(document.root);
  if (value == nullptr) {
    ADD_FAILURE() << "another type";
    return T{};
  }
  return *value;
}

TEST(Pickle, ReadsNumbers) {
  using namespace std::string_view_literals;
  EXPECT_EQ(root<std::int64_t>("K\x07"), 7);
  EXPECT_EQ(root<std::int64_t>("M\x34\x12"), 0x1234);
  EXPECT_EQ(root<std::int64_t>("J\xFE\xFF\xFF\xFF"), -2);
  EXPECT_EQ(root<std::int64_t>(raw("\x8A\x00"sv)), 0);
  EXPECT_EQ(root<std::int64_t>("\x8A\x01\xFF"), -1);
  EXPECT_EQ(root<std::int64_t>(raw("\x8A\x05\x00\x00\x00\x00\x01"sv)), std::int64_t{1} << 32);
  EXPECT_EQ(root<std::int64_t>(raw("\x8A\x08\x00\x00\x00\x00\x00\x00\x00\x80"sv)), INT64_MIN);
  EXPECT_EQ(root<double>(raw("G\x3F\xE0\x00\x00\x00\x00\x00\x00"sv)), 0.5);
  EXPECT_TRUE(root<bool>("\x88"));
  EXPECT_FALSE(root<bool>("\x89"));
}

TEST(Pickle, FillsADictThatTheMemoAlreadyHolds) {
  using namespace std::string_view_literals;
  // d = {}; d["a"] = (d, d); d["b"] = [1, 2]
  const Document document =
      read_body(raw("}q\x00(X\x01\x00\x00\x00"
                    "ah\x00h\x00\x86X\x01\x00\x00\x00"
                    "b](K\x01K\x02"
                    "eu"sv));
  const auto* const dict = document.get<Dict>(document.root);
  ASSERT_NE(dict, nullptr);
  const auto* const tuple = std::get_if<Tuple>(document.find(*dict, "a"));
  ASSERT_NE(tuple, nullptr);
  EXPECT_EQ(tuple->items, (std::vector<Index>{document.root, document.root}));
  const auto* const list = std::get_if<List>(document.find(*dict, "b"));
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(*document.get<std::int64_t>(list->items[1]), 2);
  EXPECT_EQ(document.find(*dict, "c"), nullptr);
}

TEST(Pickle, ReadsATensor) {
  using namespace std::string_view_literals;
  const auto view =
      root<TensorView>(raw("ctorch._utils\n_rebuild_tensor_v2\n"
                           "((X\x07\x00\x00\x00storagectorch\nHalfStorage\nX\x02\x00\x00\x00"
                           "17X\x06\x00\x00\x00"
                           "cuda:0K\x0CtQK\x02K\x05\x85K\x02\x85\x89"
                           "ccollections\nOrderedDict\n)RtR"sv));
  EXPECT_EQ(view.storage.type, "HalfStorage");
  EXPECT_EQ(view.storage.key, "17");
  EXPECT_EQ(view.storage.elements, 12);
  EXPECT_EQ(view.offset, 2);
  EXPECT_EQ(view.shape, std::vector<std::int64_t>{5});
  EXPECT_EQ(view.strides, std::vector<std::int64_t>{2});
}

struct Refused {
  std::string body;
  std::string message;
};

class RefusedPickle : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedPickle, NamesTheReason) {
  EXPECT_THAT([] { read_body(GetParam().body); },
              ThrowsMessage<FormatError>(AllOf(
                  StartsWith("f: pickle: "), HasSubstr(GetParam().message), Not(HasSubstr("\n")))));
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedPickle,
    ::testing::Values(
        Refused{"cos\nsystem\n", "it asks for os.system, which"},
        Refused{"cbuiltins\neval\n", "it asks for builtins.eval"},
        Refused{"ctorch\nload\n", "it asks for torch.load"},
        Refused{"ccollections\nOrderedDict.clear\n", "collections.OrderedDict.clear"},
        Refused{"c\x1b[31m\nx\n", "it asks for ?[31m.x"},
        Refused{"ctorch\n" + std::string(100'000, 'x') + "\n", "xxx..."},
        Refused{"ccollections", "truncated"},
        Refused{"\x93", "opcode 0x93, which torch.save doesn't write"},
        Refused{"\x81", "opcode 0x81"}, Refused{"ios\nsystem\n", "opcode 0x69"},
        Refused{"X\xFF\xFF\xFF\xFFz", "truncated"}, Refused{"\x8A\xFFz", "truncated"},
        Refused{"\x8A\x09" + std::string(9, '\1'), "an integer over 64 bits"},
        Refused{"", "an opcode without its operands"}, Refused{"t", "an opcode without its mark"},
        Refused{"\x85", "an opcode without its operands"},
        Refused{"K\x01(\x85", "an opcode without its operands"},
        Refused{"K\x01(Q", "an opcode without its operands"},
        Refused{"(NNu", "an opcode without its operand"},
        Refused{"}(NNNu", "a key without a value"},
        Refused{"]NNs", "an opcode for a dict on something else"},
        Refused{"}Na", "an opcode for a list on something else"},
        Refused{"Nh\x05", "a reference to nothing"},
        Refused{"q\x01", "an opcode without its operand"}, Refused{"NN", "something is left over"},
        Refused{"N.N", "something is left over"}, Refused{"(N", "something is left over"},
        Refused{"N)R", "a call of something that is no function"},
        Refused{"ccollections\nOrderedDict\nNR", "a call of something that is no function"},
        Refused{"ccollections\nOrderedDict\nN\x85R", "an OrderedDict with arguments"},
        Refused{"ctorch\nFloatStorage\n)R", "a call of FloatStorage"},
        Refused{"ctorch._utils\n_rebuild_tensor_v2\n)R", "a tensor without its storage"},
        Refused{"ctorch._utils\n_rebuild_parameter\n)R", "a parameter without its tensor"},
        Refused{"}Nb", "a state for something that is no OrderedDict"},
        Refused{"N}b", "a state for something that is no OrderedDict"},
        Refused{"NQ", "a persistent id that is no storage"},
        Refused{"(NNNNNtQ", "a persistent id that is no storage"},
        Refused{std::string(2 << 20, 'N'), "more than 1048576 values"}));

TEST(Pickle, RefusesOtherProtocols) {
  for (const char* text : {"", "\x80", "\x80\x04K\x01.", "K\x01.", "(lp0\n."}) {
    EXPECT_THROW(read_text(text), FormatError) << text;
  }
}

// Marks nest on a stack of our own, not on the machine's.
TEST(Pickle, DeepNestingIsNoRecursion) {
  const std::size_t depth = 200'000;
  const Document document = read_body(std::string(depth, '(') + "N" + std::string(depth, 't'));
  EXPECT_EQ(document.values.size(), depth + 1);
}

}  // namespace
}  // namespace gradspace::pickle
