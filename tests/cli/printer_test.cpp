#include "cli/printer.h"

#include <gtest/gtest.h>

#include <limits>

namespace gradspace::cli {
namespace {

std::string printed(OutputFormat format, bool options_in_json_lines = true) {
  PrinterLayout layout{{{"path", "image"},
                        {"score", "P(ood)", 9, "{:.3f}"},
                        {"p_value", "p", 4},
                        {"n", "n", -3},
                        {"other", "other"}},
                       R"({"a":1})",
                       options_in_json_lines};
  ::testing::internal::CaptureStdout();
  {
    const Printer printer(format, layout);
    printer.print({"a,\"b", 0.25, Cell(), std::uint64_t{7}, "x"});
    printer.print({"c", std::numeric_limits<double>::infinity(), 0.1F, std::uint64_t{8}, "y"});
  }
  return ::testing::internal::GetCapturedStdout();
}

TEST(Printer, EndsTheTablesRowsWithNames) {
  EXPECT_EQ(printed(OutputFormat::kTable),
            "   P(ood)     p  n    image, other\n"
            "    0.250     -  7    a,\"b, x\n"
            "      inf   0.1  8    c, y\n");
}

TEST(Printer, PrintsCsvWithItsOptions) {
  EXPECT_EQ(printed(OutputFormat::kCsv),
            "# {\"a\":1}\n"
            "path,score,p_value,n,other\n"
            "\"a,\"\"b\",0.25,,7,x\n"
            "c,inf,0.1,8,y\n");
}

TEST(Printer, PrintsJsonLines) {
  EXPECT_EQ(printed(OutputFormat::kJsonLines),
            "{\"options\":{\"a\":1}}\n"
            "{\"n\":7,\"other\":\"x\",\"p_value\":null,\"path\":\"a,\\\"b\",\"score\":0.25}\n"
            "{\"n\":8,\"other\":\"y\",\"p_value\":0.10000000149011612,\"path\":\"c\","
            "\"score\":null}\n");
  EXPECT_EQ(
      printed(OutputFormat::kJsonLines, false),
      "{\"path\":\"a,\\\"b\",\"score\":0.25,\"p_value\":null,\"n\":7,\"other\":\"x\"}\n"
      "{\"path\":\"c\",\"score\":null,\"p_value\":0.10000000149011612,\"n\":8,\"other\":\"y\"}"
      "\n");
}

}  // namespace
}  // namespace gradspace::cli
