// A method of one_class.h that asks a model, fitted to what all autoencoders of a run say of the same images.
#pragma once

#include <memory>
#include <string>

#include "experiment/entry.h"

namespace gradspace {

/// Called "METHOD xN".
std::unique_ptr<Entry> make_members_entry(const std::string& method,
                                          const ExperimentOptions& options);

}  // namespace gradspace
