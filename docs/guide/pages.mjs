// Nothing in; the pages of the guide in the order in which people learn, out.

export const guide = [
  {
    title: "First steps",
    pages: [
      { page: "start", title: "Start here" },
      { page: "neuron", title: "One neuron" },
      { page: "decisions", title: "A neuron that decides" },
      { page: "hidden", title: "Hidden layers and XOR" },
      { page: "backpropagation", title: "Backpropagation" },
    ],
  },
  {
    title: "Training well",
    pages: [
      { page: "losses", title: "Losses and softmax" },
      { page: "optimizers", title: "Optimizers and schedules" },
      { page: "data", title: "Data and metrics" },
      { page: "overfitting", title: "Overfitting" },
      { page: "initialization", title: "Initialization and depth" },
    ],
  },
  {
    title: "Architectures",
    pages: [
      { page: "convolution", title: "Convolution, LeNet, ResNet" },
      { page: "recurrent", title: "Recurrent nets" },
      { page: "transformer", title: "Attention and transformers" },
      { page: "autoencoders", title: "Autoencoders" },
      { page: "gan", title: "Two nets against each other" },
    ],
  },
  {
    title: "Going further",
    pages: [
      { page: "own-parts", title: "Parts of your own" },
      { page: "search", title: "Ensembles and search" },
      { page: "apps", title: "In an app" },
    ],
  },
];
