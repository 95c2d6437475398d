#!/usr/bin/env node
import { commandLine } from './commandLine.js'

process.exitCode = await commandLine(process.argv, process, process)
