// Figures that papers report, for comparison.
#pragma once

#include <string_view>
#include <vector>

#include "gradspace/research/quality_benchmark.h"

namespace gradspace {

/// Of a database by its name; none where nothing is known.
std::vector<PublishedAgreement> published_agreements(std::string_view database);

}  // namespace gradspace
