"""The words that automatic run names are made of."""

ADJECTIVES = tuple(
    """able agile amber azure bold brave breezy bright brisk bronze calm candid clear clever coral
    cosmic crisp curious daring deft eager early earnest fair fancy fast fleet fond frank fresh
    gentle glad golden grand green happy hardy honest humble icy jolly keen kind light lively
    lucid lucky lunar mellow merry mild misty modest neat nimble noble novel patient plain polite
    prime proud quick quiet rapid ready regal rosy royal rustic sage sharp shiny silent silver
    simple sleek smart smooth snowy solar solid spry stable steady still stout sunny swift tame
    tidy tranquil true upbeat vast vivid warm wise witty young zesty""".split()
)

ANIMALS = tuple(
    """ant badger bat bear beaver bee bison boar bobcat camel cat cheetah cobra condor coyote crab
    crane crow deer dingo dolphin dove duck eagle eel egret elk emu falcon ferret finch fox frog
    gannet gazelle gecko gibbon goat goose gull hare hawk hedgehog heron hippo hornet horse ibex
    ibis iguana jackal jaguar jay kestrel kite kiwi koala lark lemur leopard lion lizard llama
    lobster lynx macaw magpie marten mole moose moth mouse mule newt ocelot okapi orca oriole
    osprey otter owl panda panther parrot pelican penguin pika pony puffin puma quail rabbit
    raccoon ram raven robin salmon seal shark shrew skunk sloth snail sparrow spider squid stag
    starling stork swan swift tapir tern tiger toad toucan trout turtle viper vole walrus wasp
    weasel whale wolf wombat wren yak zebra""".split()
)
