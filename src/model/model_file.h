// A model as the contents of a file that has more in it.
#pragma once

#include "gradspace/model.h"
#include "gradspace/safetensors.h"

namespace gradspace {

/// All but the kind. Throws InvalidArgument for a model that does not validate.
SafeTensors model_file(const Model& model);

}  // namespace gradspace
