console.log(require("shout")("node in " + process.env.NODE_ENV));
